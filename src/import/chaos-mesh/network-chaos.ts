// NetworkChaos becomes `cut` and `degrade`.
// source: chaos-mesh api/v1alpha1/networkchaos_types.go; controllers/chaosimpl/networkchaos

import { formatDuration } from '../../values/time';
import type { Fields } from '../fields';
import { parseGoDuration } from '../go-duration';
import type { ImportedFault } from '../timeline';
import { readExternalTargets } from './external-target';
import type { Externals } from './external-target';
import { readPods, sideOf } from './selector';

/** The least that `limit` and `buffer` may be in a scenario. */
const LEAST_QUEUE = 82;

const NETEM = ['netem', 'delay', 'loss', 'duplicate', 'corrupt'];

type Args = Readonly<Record<string, unknown>>;

/** The faults for the `spec` of a NetworkChaos, and the machines outside that they name. */
export function readNetworkChaos(
  spec: Fields,
  namespace: string,
  externals: Externals,
): readonly ImportedFault[] {
  const action = spec.text('action') ?? '';
  for (const key of ['device', 'targetDevice']) {
    const device = spec.text(key);
    if (device !== undefined && device !== 'eth0') {
      spec.remark('differs', 'pods have one interface: all of their traffic is meant', key);
    }
  }
  const isCut = action === 'partition';
  if (!isCut && action !== 'bandwidth' && !NETEM.includes(action)) {
    spec.remark('skipped', `"${action}" is no action`, 'action');
    return [];
  }
  const effect = isCut ? {} : action === 'bandwidth' ? bandwidth(spec) : netem(spec);
  const sides = readSides(spec, namespace, externals);
  if (effect === undefined || sides === undefined) return [];
  const verb = isCut ? 'cut' : 'degrade';
  return sides.map((side) => ({ verb, args: { ...side, ...effect } }));
}

/** Every pair of sides; undefined where one of them cannot be said. */
function readSides(spec: Fields, ns: string, externals: Externals): readonly Args[] | undefined {
  const direction = spec.text('direction') ?? 'to';
  const from = readPods(spec, ns, { lasts: true });
  const hasTarget = spec.has('target');
  const pods = hasTarget ? readPods(spec.part('target'), ns, { lasts: true }) : [];
  const outside = readExternalTargets(spec, externals);
  if (from === undefined || pods === undefined) return undefined;
  const others: readonly Args[] = [...pods.map((it) => ({ to: sideOf(it) })), ...outside];
  if (others.length === 0 && (hasTarget || spec.has('externalTargets'))) return undefined;
  const to = others.length === 0 ? [{}] : others;
  const picks = from.some((it) => 'pick' in it) || pods.some((it) => 'pick' in it);
  if (picks && from.length * to.length > 1) {
    spec.remark('differs', 'each of these steps chooses its pods anew', 'mode');
  }
  return from.flatMap((it) => to.map((other) => ({ from: sideOf(it), ...other, direction })));
}

/** All that is given takes effect, whatever of it the action names. */
function netem(spec: Fields): Args | undefined {
  const [delay, rate] = [spec.part('delay'), spec.part('rate')];
  const reorder = delay.part('reorder');
  const correlated = [delay, spec.part('loss'), spec.part('corrupt'), spec.part('duplicate')];
  const [, loss, corrupt, duplicate] = correlated;
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['delay', span(delay, 'latency')],
    ['jitter', span(delay, 'jitter')],
    ['loss', share(loss!, 'loss')],
    ['corrupt', share(corrupt!, 'corrupt')],
    ['duplicate', share(duplicate!, 'duplicate')],
    ['reorder', share(reorder, 'reorder')],
    ['rate', bits(rate, 'rate')],
  ];
  for (const part of [...correlated, reorder]) skipCorrelation(part);
  const effect = Object.fromEntries(parts.filter(([, value]) => value !== undefined));
  if ('reorder' in effect && !('delay' in effect)) {
    delete effect['reorder'];
    delay.remark('skipped', 'nobody waits who could be overtaken', 'reorder');
  }
  const bad = Object.keys(effect).filter((it) => it !== 'jitter');
  if (bad.length === 0) spec.remark('skipped', 'it says nothing that is bad', 'action');
  return bad.length === 0 ? undefined : effect;
}

/** source: api/v1alpha1/podnetworkchaos_types.go BandwidthSpec (a token bucket filter) */
function bandwidth(spec: Fields): Args | undefined {
  const part = spec.part('bandwidth');
  const rate = bits(part, 'rate');
  if (rate === undefined) {
    spec.remark('skipped', 'it has no rate', 'action');
    return undefined;
  }
  for (const key of ['peakrate', 'minburst']) {
    if (part.has(key)) part.remark('skipped', 'a bucket is emptied at once here', key);
  }
  const limit = bytes(part, 'limit');
  const buffer = bytes(part, 'buffer');
  if (limit === undefined) {
    if (buffer !== undefined) part.remark('skipped', 'a bucket has a queue: no limit', 'buffer');
    return { rate };
  }
  return { rate, limit, ...(buffer !== undefined && { buffer }) };
}

/** A queue, or a bucket, into which a packet fits. */
function bytes(fields: Fields, key: string): number | undefined {
  const text = fields.text(key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= LEAST_QUEUE) return value;
  fields.remark('skipped', `no packet fits into ${text} bytes`, key);
  return undefined;
}

function span(fields: Fields, key: string): string | undefined {
  const text = fields.text(key);
  if (text === undefined) return undefined;
  const found = parseGoDuration(text);
  if (found === undefined || found.value < 0) {
    fields.remark('skipped', `"${text}" is no span of time`, key);
    return undefined;
  }
  if (!found.exact) fields.remark('differs', 'what is finer than a microsecond is cut off', key);
  return found.value === 0 ? undefined : formatDuration(found.value);
}

/** Percent as they are written: `25`, `12.5`. */
function share(fields: Fields, key: string): string | undefined {
  const text = fields.text(key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value >= 0 && value <= 100)) {
    fields.remark('skipped', `"${text}" is no share in percent`, key);
    return undefined;
  }
  const rounded = Math.round(value * 1_000) / 1_000;
  if (rounded !== value) fields.remark('differs', 'a thousandth of a percent is the finest', key);
  return rounded === 0 ? undefined : `${rounded}%`;
}

/** What a packet shares with the one before it cannot be said here. */
function skipCorrelation(part: Fields): void {
  if (!part.has('correlation') || share(part, 'correlation') === undefined) return;
  part.remark('differs', 'each packet fares by itself', 'correlation');
}

const UNITS = ['', 'k', 'm', 'g', 't'];

/**
 * A rate in bits. Since Chaos Mesh 2.7 it is handed on to tc as it stands, whose units are powers
 * of 1,000, and whose `bps` are bytes.
 * source: pkg/chaosdaemon/tc_server.go convertTbfToArgs; iproute2 lib/utils.c get_rate64
 */
function bits(fields: Fields, key: string): string | undefined {
  const text = fields.text(key);
  if (text === undefined) return undefined;
  const [, number = '', prefix = '', unit = ''] =
    /^([0-9]+)\s*([kmgt]?)(bps|bit)$/.exec(text.trim().toLowerCase()) ?? [];
  const value = Number(number) * 1_000 ** UNITS.indexOf(prefix) * (unit === 'bps' ? 8 : 1);
  if (unit === '' || value < 1 || value > Number.MAX_SAFE_INTEGER) {
    fields.remark('skipped', `"${text}" is no rate`, key);
    return undefined;
  }
  return value % 1_000 === 0 ? `${value / 1_000}kbit` : `${value}bit`;
}
