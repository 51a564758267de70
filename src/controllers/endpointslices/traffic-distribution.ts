// Hints by plain nearness: each endpoint for its own zone, and for its own node where asked.
// source: staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go

import { equalJson } from '../../apiserver/json';
import type { EndpointHints, SliceEndpoint } from '../../apiserver/kinds/endpointslice';
import type { KubeVersion } from '../../values/kube-version';
import { isAtLeast } from '../../values/kube-version';
import { lateSourceOf } from './slice-draft';
import type { SliceDraft, SlicePlan } from './slice-draft';

/** Sets the hints that the Service's trafficDistribution asks for; none for any other value. */
export function hintByDistribution(
  plan: SlicePlan,
  distribution: string | undefined,
  version: KubeVersion,
): void {
  const wanted = hintsFor(distribution, version);
  for (const draft of plan.create) applyHints(draft, wanted);
  for (const draft of plan.update) applyHints(draft, wanted);
  if (plan.unchanged.length === 0) return;
  const stale = plan.unchanged.filter((draft) => hasOtherHints(draft, wanted));
  for (const draft of stale) {
    applyHints(draft, wanted);
    plan.unchanged.splice(plan.unchanged.indexOf(draft), 1);
    plan.update.push(draft);
  }
}

type WantedHints = (endpoint: SliceEndpoint) => EndpointHints | undefined;

function hintsFor(distribution: string | undefined, version: KubeVersion): WantedHints {
  switch (distribution) {
    case 'PreferClose':
      return zoneHints;
    case 'PreferSameZone':
      return isAtLeast(version, '1.34') ? zoneHints : noHints;
    case 'PreferSameNode':
      return isAtLeast(version, '1.34') ? nodeHints : noHints;
    default:
      return noHints;
  }
}

function noHints(): undefined {
  return undefined;
}

function zoneHints({ zone }: SliceEndpoint): EndpointHints | undefined {
  return zone ? { forZones: [{ name: zone }] } : undefined;
}

function nodeHints(endpoint: SliceEndpoint): EndpointHints | undefined {
  const { nodeName } = endpoint;
  return nodeName
    ? { ...zoneHints(endpoint), forNodes: [{ name: nodeName }] }
    : zoneHints(endpoint);
}

/**
 * Whether the endpoint says that it is ready: what is unknown is ready to proxies but has no hint.
 * source: staging/src/k8s.io/endpointslice/trafficdist/trafficdist.go endpointReady
 */
export function isReady({ conditions }: SliceEndpoint): boolean {
  return conditions?.ready === true;
}

/** An endpoint that is not ready gets no hint, and its hints trigger no write. */
function applyHints(draft: SliceDraft, wanted: WantedHints): void {
  // What nobody has read has no hints.
  if (wanted === noHints && lateSourceOf(draft) !== undefined) return;
  const { endpoints } = draft;
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index]!;
    // A list that has its hints stays the one that it is.
    if (equalJson(endpoint.hints, hintsOf(endpoint, wanted))) continue;
    draft.endpoints = endpoints.map((it) => withHints(it, hintsOf(it, wanted)));
    return;
  }
}

function hintsOf(endpoint: SliceEndpoint, wanted: WantedHints): EndpointHints | undefined {
  return isReady(endpoint) ? wanted(endpoint) : undefined;
}

function hasOtherHints(draft: SliceDraft, wanted: WantedHints): boolean {
  return draft.endpoints.some(
    (endpoint) => isReady(endpoint) && !equalJson(endpoint.hints, wanted(endpoint)),
  );
}

/** The endpoint with these hints alone: itself where it has them already. */
export function withHints(
  endpoint: SliceEndpoint,
  hints: EndpointHints | undefined,
): SliceEndpoint {
  if (equalJson(endpoint.hints, hints)) return endpoint;
  const { hints: _before, ...bare } = endpoint;
  return hints === undefined ? bare : { ...bare, hints };
}
