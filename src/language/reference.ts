// How scenarios name things: references to objects, destinations as a client types them, and the
// tuples of conntrack. Only the grammar; whether the thing exists is for check-references.ts.

import type { Protocol } from '../values/flow';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { parseAddress } from './address';
import type { Address } from './address';
import type { Reading } from './duration';

/** `[kind/][namespace/]name[#n][/container]`, taken apart. */
export interface Reference {
  readonly text: string;
  /** As the API writes it, `Deployment`; also `Node` and `External`. Absent where not written. */
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
  /** 1-based: the n-th pod of a workload in order of creation. */
  readonly ordinal?: number;
  readonly container?: string;
}

export type DestinationText =
  /** What a client types: the resolver makes an address of it. */
  | {
      readonly is: 'name';
      readonly host: string;
      readonly port: number;
      readonly protocol: Protocol;
    }
  | { readonly is: 'address'; readonly ip: IP; readonly port: number; readonly protocol: Protocol }
  /** An object, by its own address. */
  | {
      readonly is: 'object';
      readonly reference: Reference;
      readonly port: number;
      readonly protocol: Protocol;
    }
  | {
      readonly is: 'url';
      readonly scheme: 'http' | 'https';
      readonly host: string;
      readonly port: number;
      readonly path: string;
    };

/** Two ends of a conntrack tuple: `10.244.1.5:8080 > 10.244.1.3:any`. */
export interface TupleText {
  readonly from: Address;
  readonly to: Address;
}

/** Kinds in kubectl's spellings: the singular, the plural and the short name. */
const KIND_WORDS: readonly (readonly [kind: string, words: string])[] = [
  ['Pod', 'pod pods po'],
  ['Deployment', 'deployment deployments deploy'],
  ['ReplicaSet', 'replicaset replicasets rs'],
  ['StatefulSet', 'statefulset statefulsets sts'],
  ['DaemonSet', 'daemonset daemonsets ds'],
  ['Job', 'job jobs'],
  ['CronJob', 'cronjob cronjobs cj'],
  ['ReplicationController', 'replicationcontroller replicationcontrollers rc'],
  ['Service', 'service services svc'],
  ['Endpoints', 'endpoints ep'],
  ['EndpointSlice', 'endpointslice endpointslices'],
  ['Ingress', 'ingress ingresses ing'],
  ['NetworkPolicy', 'networkpolicy networkpolicies netpol'],
  ['ConfigMap', 'configmap configmaps cm'],
  ['Secret', 'secret secrets'],
  ['Namespace', 'namespace namespaces ns'],
  ['Node', 'node nodes no'],
  ['External', 'external'],
];

/**
 * The kind words of references that every cluster knows. The full list (custom kinds included) is
 * the lexicon's. Whatever is written as a word here means its kind when a run looks for it, too.
 */
export const REFERENCE_KINDS: ReadonlyMap<string, string> = new Map(
  KIND_WORDS.flatMap(([kind, words]) => words.split(' ').map((word) => [word, kind] as const)),
);

/** Kinds whose objects stand in no namespace, as far as references may name them. */
const UNNAMESPACED: ReadonlySet<string> = new Set(['Node', 'Namespace', 'External']);

/** Kinds that own pods; a reference to one means every pod of it. */
export const WORKLOAD_KINDS: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'ReplicationController',
];

const SEGMENT = /^[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$/;

/** Reads a reference. `external` alone is the default client outside of the cluster. */
export function parseReference(
  text: string,
  kinds: ReadonlyMap<string, string> = REFERENCE_KINDS,
): Reading<Reference> {
  if (text === 'external') return { ok: true, value: { text, kind: 'External', name: text } };
  const segments = text.split('/');
  const kind = segments.length > 1 ? kindOf(segments[0]!, kinds) : undefined;
  if (kind !== undefined) segments.shift();
  const shape = shapeOf(segments, kind);
  if (shape === undefined) {
    return refuse(`"${text}" is not a reference`, 'write [kind/][namespace/]name[#n][/container]');
  }
  const { namespace, written, container } = shape;
  const [name = '', ordinal, ...more] = written.split('#');
  const parts = [namespace, name, container].filter((part) => part !== undefined);
  if (more.length > 0 || !parts.every((part) => SEGMENT.test(part))) {
    return refuse(`"${text}" is not a reference`, 'write [kind/][namespace/]name[#n][/container]');
  }
  if (ordinal !== undefined && !/^[1-9]\d{0,5}$/.test(ordinal)) {
    return refuse(`"${text}" counts pods from #1`, `write ${name}#1 for the first pod`);
  }
  return {
    ok: true,
    value: {
      text,
      ...(kind !== undefined && { kind }),
      ...(namespace !== undefined && { namespace }),
      name,
      ...(ordinal !== undefined && { ordinal: Number(ordinal) }),
      ...(container !== undefined && { container }),
    },
  };
}

/** Reads the `to:` of a claim: text without a kind is what a client types. */
export function parseDestination(
  text: string,
  kinds: ReadonlyMap<string, string> = REFERENCE_KINDS,
): Reading<DestinationText> {
  if (/^https?:\/\//.test(text)) return parseUrl(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1];
  if (scheme !== undefined) {
    return refuse(`"${scheme}" of "${text}" is no scheme that is known`, 'write http or https');
  }
  const match = /^(.*):([^:/\]]*)(?:\/(tcp|udp|sctp))?$/i.exec(text);
  if (/^\d+$/.test(text)) return refuse(`"${text}" has no host`, `write backend:${text}`);
  if (match === null) return refuse(`"${text}" has no port`, `write ${text}:80`);
  const [, host = '', portText = '', protocolText = 'tcp'] = match;
  const port = parsePort(portText);
  if (port === undefined) {
    const hint = /^[a-z]/i.test(portText) ? `a client types a number: ${host}:80` : undefined;
    return refuse(`"${portText}" of "${text}" is no port from 1 to 65535`, hint);
  }
  const protocol = protocolText.toUpperCase() as Protocol;
  if (host.includes('/')) {
    const reference = parseReference(host, kinds);
    if (!reference.ok) return reference;
    if (reference.value.kind === undefined) {
      const object = `${host}:${port}`;
      const hint = `write pod/${object} or service/${object}, or a name as a client types it`;
      return refuse(`"${host}" needs a kind to be a destination`, hint);
    }
    return { ok: true, value: { is: 'object', reference: reference.value, port, protocol } };
  }
  if (host.includes(':') && !host.startsWith('[')) {
    return refuse(`"${text}" is an IPv6 address without brackets`, `write "[${host}]:${port}"`);
  }
  const ip = parseIp(host.replace(/^\[(.*)\]$/, '$1'));
  if (ip !== undefined) return { ok: true, value: { is: 'address', ip, port, protocol } };
  if (!/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host)) {
    return refuse(`"${host}" of "${text}" is neither a name nor an address`);
  }
  if (/^[\d.]+$/.test(host)) return refuse(`"${host}" of "${text}" is not an IPv4 address`);
  return { ok: true, value: { is: 'name', host, port, protocol } };
}

/** Reads `address > address`. */
export function parseTuple(text: string): Reading<TupleText> {
  const ends = text.split('>');
  if (ends.length !== 2) {
    return refuse(`"${text}" is not a tuple`, 'write 10.244.1.5:8080 > 10.244.1.3:any');
  }
  const from = parseAddress(ends[0]!.trim());
  if (!from.ok) return from;
  const to = parseAddress(ends[1]!.trim());
  return to.ok ? { ok: true, value: { from: from.value, to: to.value } } : to;
}

function kindOf(word: string, kinds: ReadonlyMap<string, string>): string | undefined {
  const lower = word.toLowerCase();
  return kinds.get(lower) ?? REFERENCE_KINDS.get(lower);
}

interface Shape {
  readonly namespace?: string;
  readonly written: string;
  readonly container?: string;
}

/** Which segment is what. A container is named only where the namespace stands before. */
function shapeOf(segments: readonly string[], kind: string | undefined): Shape | undefined {
  const [a, b, c] = segments;
  if (kind !== undefined && UNNAMESPACED.has(kind)) {
    return segments.length === 1 ? { written: a! } : undefined;
  }
  if (segments.length === 1) return { written: a! };
  if (segments.length === 2) return { namespace: a!, written: b! };
  return segments.length === 3 ? { namespace: a!, written: b!, container: c! } : undefined;
}

function parseUrl(text: string): Reading<DestinationText> {
  const match = /^(https?):\/\/(\[[^\]]*\]|[^/:?#]+)(?::(\d+))?(\/[^\s]*)?$/.exec(text);
  if (match === null)
    return refuse(`"${text}" is not a URL`, 'write https://shop.example.com/cart');
  const [, scheme, host = '', portText, path = '/'] = match;
  const port = portText === undefined ? (scheme === 'https' ? 443 : 80) : parsePort(portText);
  if (port === undefined) return refuse(`"${portText}" of "${text}" is no port from 1 to 65535`);
  return { ok: true, value: { is: 'url', scheme: scheme as 'http' | 'https', host, port, path } };
}

function parsePort(text: string): number | undefined {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : undefined;
}

function refuse(message: string, hint?: string): Reading<never> {
  return hint === undefined ? { ok: false, message } : { ok: false, message, hint };
}
