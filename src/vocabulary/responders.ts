// Who may answer, and as whom a sender may be seen, by the names that scenarios use.

import type { Cluster } from '../cluster/cluster';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { addressesOf } from './pods';
import { podEverOf, podName, podsOfReference, readReference } from './targets';
import type { Walk } from './walks';

/** Responder names (see Trace.responder) that references mean; a workload means all its pods. */
export function respondersOf(cluster: Cluster, references: readonly string[]): ReadonlySet<string> {
  return new Set(references.flatMap((text) => responderNames(cluster, text)));
}

function responderNames(cluster: Cluster, text: string): readonly string[] {
  const reference = readReference(text);
  if (reference.kind === 'Node') return [`node/${reference.name}`];
  if (reference.kind === 'External') return [`external/${reference.name}`];
  const pod = podEverOf(cluster, reference);
  if (pod !== undefined) return [pod];
  const pods = podsOfReference(cluster, reference);
  // What does not exist stays in the set under its own name, so that it is missed.
  return pods.length > 0 ? pods : [text];
}

/** A responder as people name it: `shop/backend#1`. */
export function nameOfResponder(cluster: Cluster, responder: string): string {
  return /^(node|external)\//.test(responder) ? responder : podName(cluster, responder);
}

/**
 * The addresses as which a walk's sender may be seen. `text` is an address or a reference; where
 * the reference means the sender itself among others, only its own addresses count.
 */
export function sourceAddresses(cluster: Cluster, text: string, walk: Walk): ReadonlySet<IP> {
  const literal = parseIp(text);
  if (literal !== undefined) return new Set([literal]);
  const reference = readReference(text);
  if (reference.kind === 'Node') {
    return new Set(cluster.machines.get(reference.name)?.addresses ?? []);
  }
  if (reference.kind === 'External') {
    const external = cluster.spec.externals.filter(({ name }) => name === reference.name);
    return new Set(external.map(({ address }) => address));
  }
  const pods = podsOfReference(cluster, reference);
  const { origin } = walk.source;
  const own = 'pod' in origin && pods.includes(origin.pod) ? [origin.pod] : pods;
  return new Set(own.flatMap((pod) => addressesOf(cluster, pod)));
}
