// What a change of a Service or an EndpointSlice means to kube-proxy. It is the same for every
// node, so it is found out once for each change.
// source: pkg/proxy/servicechangetracker.go Update; pkg/proxy/endpointslicecache.go updatePending

import type { Change } from '../../apiserver/informer';
import type { Effect } from '../../timing';
import type { Family } from '../../values/ip';
import type { KubeObject } from '../../values/kube-object';
import { equalJson } from '../../apiserver/json';
import { compareEndpoints } from './categorize-endpoints';
import { endpointsOfSlice, isOfService, isSameReading } from './endpoints-map';
import type { EndpointsByPort } from './endpoints-map';
import type { Endpoint } from './proxy-mode';
import { servicePortsOf } from './service-map';

/** Whether traffic loses a destination by the change; undefined where no rule can change by it. */
export type Relevance = Effect | undefined;

/** A change as it was judged last. */
interface Judged {
  before: KubeObject | undefined;
  after: KubeObject | undefined;
  effect: Relevance;
}

/** The proxies of all nodes are told of a change one after the other. */
const last: Readonly<Record<Family, Judged>> = {
  IPv4: { before: undefined, after: undefined, effect: undefined },
  IPv6: { before: undefined, after: undefined, effect: undefined },
};

export function relevanceOf(kind: string, change: Change, family: Family): Relevance {
  const judged = last[family];
  const { before, after } = change;
  if (judged.before !== before || judged.after !== after) {
    const judge = kind === 'Service' ? serviceEffect : sliceEffect;
    judged.effect = judge(before, after, family);
    judged.before = before;
    judged.after = after;
  }
  return judged.effect;
}

type Judge = (
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  family: Family,
) => Relevance;

const serviceEffect: Judge = (before, after, family) => {
  const was = before === undefined ? [] : servicePortsOf(before, family);
  const is = after === undefined ? [] : servicePortsOf(after, family);
  if (equalJson(was, is)) return undefined;
  return is.length === 0 ? 'loss' : 'gain';
};

const sliceEffect: Judge = (before, after, family) => {
  const was = readSlice(before, family);
  const is = readSlice(after, family, before);
  if (was === undefined && is === undefined) return undefined;
  if (was !== undefined && is !== undefined && isSameReading(was, is)) return undefined;
  for (const [port, endpoints] of was ?? []) {
    if (losesReady(endpoints, is?.get(port) ?? [])) return 'loss';
  }
  return 'gain';
};

/** Undefined for what kube-proxy of this family does not look at. */
function readSlice(
  slice: KubeObject | undefined,
  family: Family,
  before?: KubeObject,
): EndpointsByPort | undefined {
  if (slice === undefined || slice['addressType'] !== family) return undefined;
  return isOfService(slice) ? endpointsOfSlice(slice, family, before) : undefined;
}

/** Whether an endpoint is ready no more. Both lists have one order, and each endpoint once. */
function losesReady(was: readonly Endpoint[], is: readonly Endpoint[]): boolean {
  let next = 0;
  for (const endpoint of was) {
    if (!endpoint.ready) continue;
    while (next < is.length && compareEndpoints(is[next]!, endpoint) < 0) next++;
    const now = is[next];
    if (!now?.ready || compareEndpoints(now, endpoint) !== 0) return true;
  }
  return false;
}
