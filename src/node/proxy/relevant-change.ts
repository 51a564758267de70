// What a change of a Service or an EndpointSlice means to kube-proxy. It is the same for every
// node, so it is found out once for each change.
// source: pkg/proxy/servicechangetracker.go Update; pkg/proxy/endpointslicecache.go updatePending

import type { Change } from '../../apiserver/informer';
import type { Effect } from '../../timing';
import type { Family } from '../../values/ip';
import type { KubeObject } from '../../values/kube-object';
import { endpointText } from './categorize-endpoints';
import { endpointsOfService, serviceOfSlice } from './endpoints-map';
import type { Endpoint } from './proxy-mode';
import { servicePortsOf } from './service-map';

/** Whether traffic loses a destination by the change; undefined where no rule can change by it. */
export type Relevance = Effect | undefined;

const ABSENT: KubeObject = { apiVersion: '', kind: '', metadata: { name: '' } };

type Known = WeakMap<KubeObject, WeakMap<KubeObject, { readonly effect: Relevance }>>;
const known: Record<Family, Known> = { IPv4: new WeakMap(), IPv6: new WeakMap() };

export function relevanceOf(kind: string, change: Change, family: Family): Relevance {
  const { before = ABSENT, after = ABSENT } = change;
  let byAfter = known[family].get(before);
  if (byAfter === undefined) known[family].set(before, (byAfter = new WeakMap()));
  let relevance = byAfter.get(after);
  if (relevance === undefined) {
    const judge = kind === 'Service' ? serviceEffect : sliceEffect;
    relevance = { effect: judge(change.before, change.after, family) };
    byAfter.set(after, relevance);
  }
  return relevance.effect;
}

type Judge = (
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  family: Family,
) => Relevance;

const serviceEffect: Judge = (before, after, family) => {
  const was = before === undefined ? [] : servicePortsOf(before, family);
  const is = after === undefined ? [] : servicePortsOf(after, family);
  if (JSON.stringify(was) === JSON.stringify(is)) return undefined;
  return is.length === 0 ? 'loss' : 'gain';
};

const sliceEffect: Judge = (before, after, family) => {
  const was = readSlice(before, family);
  const is = readSlice(after, family);
  if (was === undefined && is === undefined) return undefined;
  if (was !== undefined && is !== undefined && was.text === is.text) return undefined;
  const lost = [...(was?.ready ?? [])].some((endpoint) => !is?.ready.has(endpoint));
  return lost ? 'loss' : 'gain';
};

interface SliceReading {
  readonly text: string;
  readonly ready: ReadonlySet<string>;
}

/** Undefined for what kube-proxy of this family does not look at. */
function readSlice(slice: KubeObject | undefined, family: Family): SliceReading | undefined {
  if (slice === undefined || slice['addressType'] !== family) return undefined;
  if (serviceOfSlice(slice) === undefined) return undefined;
  const endpoints = endpointsOfService([slice], family);
  const ready = new Set<string>();
  for (const [port, list] of endpoints) {
    for (const endpoint of list.filter((it: Endpoint) => it.ready)) {
      ready.add(`${port} ${endpointText(endpoint)}`);
    }
  }
  return { text: JSON.stringify([...endpoints]), ready };
}
