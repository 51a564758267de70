// Plugins that change no answer. Their options are read all the same, so that what they ask for
// of the process is known.
// source: coredns plugin/{health,ready,reload,errors,log,metrics}/setup.go

import { seconds, ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import type { Directive, ServerBlock } from '../corefile';
import { CorefileError } from '../corefile';
import { notModelled, readSpan } from '../corefile-values';
import type { DefaultDelay, Setup } from './plugin';

/** A directive that changes no answer, whatever it says. */
export const setupSilent: Setup = () => [];

/** `health [ADDRESS] { lameduck DURATION }` */
export const setupHealth: Setup = ([directive]) => {
  readLameduck(directive);
  return [];
};

/** `ready [ADDRESS] { monitor until-ready | continuously }` */
export const setupReady: Setup = ([directive]) => {
  for (const option of directive.block) {
    const [mode] = option.args;
    if (option.name !== 'monitor' || mode !== 'until-ready') throw notModelled(directive, option);
  }
  return [];
};

/** `reload [INTERVAL] [JITTER]` */
export const setupReload: Setup = ([directive], { delay }) => {
  readReload(directive, delay);
  return [];
};

/** What a Corefile asks of its process, beside answers. */
export interface ProcessOptions {
  /** How long it goes on to serve after SIGTERM. */
  readonly lameduck: Duration;
  /** How often it looks for a new Corefile, and by how much that varies; undefined for never. */
  readonly reload: { readonly interval: Duration; readonly jitter: Duration } | undefined;
}

/** Reads what concerns the process from all blocks. Throws CorefileError. */
export function readProcessOptions(
  blocks: readonly ServerBlock[],
  delay: DefaultDelay,
): ProcessOptions {
  const named = (name: string) =>
    blocks.flatMap(({ directives }) => directives).find((it) => it.name === name);
  const [health, reload] = [named('health'), named('reload')];
  return {
    lameduck: health === undefined ? ZERO : readLameduck(health),
    reload: reload && readReload(reload, delay),
  };
}

function readLameduck(directive: Directive): Duration {
  let lameduck = ZERO;
  for (const option of directive.block) {
    if (option.name !== 'lameduck') throw notModelled(directive, option);
    lameduck = readSpan(option, 0);
  }
  return lameduck;
}

/** A look takes place every 30 s, give or take 15 s, and never more often than every 2 s. */
function readReload(
  directive: Directive,
  delay: DefaultDelay,
): NonNullable<ProcessOptions['reload']> {
  const { args, line } = directive;
  const interval = args.length > 0 ? readSpan(directive, 0) : delay('coredns.reload');
  if (interval < seconds(2)) throw new CorefileError('reload: 2s is the least interval', line);
  const half = Math.floor(interval / 2) as Duration;
  const jitter = args.length > 1 ? readSpan(directive, 1) : delay('coredns.reloadJitter');
  if (jitter > 0 && jitter < seconds(1)) {
    throw new CorefileError('reload: 1s is the least jitter, or 0s for none', line);
  }
  return { interval, jitter: jitter < half ? jitter : half };
}
