// The two sides of a cut or of a bad link, and what has to be between them for a packet to be
// concerned. A rule is looked for in the one place where it stands: on the link between hosts, at
// the pods' own interfaces, at the client that calls a virtual address, or at one process.

import type { FiveTuple } from '../values/flow';
import type { IP } from '../values/ip';

/** One side. `port` is the side's own one: the port at which it is called. */
export type End =
  | { readonly is: 'anyone' }
  | { readonly is: 'pods'; readonly pods: ReadonlySet<string> }
  | { readonly is: 'hosts'; readonly hosts: ReadonlySet<string>; readonly port?: number }
  /** Processes, by the names under which the API server knows them. */
  | { readonly is: 'clients'; readonly actors: ReadonlySet<string> }
  | { readonly is: 'addresses'; readonly addresses: ReadonlySet<IP>; readonly port?: number };

/** Which packets between the two sides: those from `from` to `to`, the others, or all. */
export type Direction = 'both' | 'to' | 'from';

/** What a firewall on the way can tell apart. */
export type WireProtocol = FiveTuple['protocol'] | 'IPIP' | 'ARP';

/** Which packets a rule is about. */
export interface Between {
  /** Who made it. A recovery takes back its own rules and nobody else's. */
  readonly token: string;
  readonly from: End;
  readonly to: End;
  readonly direction: Direction;
  /** Ports that are called; the answers from them are meant as well. All where none is named. */
  readonly ports?: readonly number[];
  readonly protocol?: WireProtocol;
}

/** Who sends or gets a packet. Not every address belongs to somebody. */
export interface Party {
  readonly pod?: string;
  /** The host itself, or the one that the pod is on. */
  readonly host?: string;
  readonly address?: IP;
  /** The process, where it is one of those that can be told apart. */
  readonly actor?: string;
}

/** What can be seen of a packet where it passes. */
export interface Sighting {
  /** Who sends it. Where its source was translated, it comes in two names. */
  readonly by: readonly Party[];
  readonly to: Party;
  readonly protocol: WireProtocol;
  /** The port that was called, whichever way this packet goes. */
  readonly port: number | undefined;
  readonly leg: 'request' | 'answer';
}

/** Where a rule stands. */
export type Place = 'link' | 'veth' | 'dial' | 'client';

/** The place of a rule: at processes and virtual addresses first, then pods, else between hosts. */
export function placeOf({ from, to }: Pick<Between, 'from' | 'to'>): Place {
  if (from.is === 'clients' || to.is === 'clients') return 'client';
  if (from.is === 'addresses' || to.is === 'addresses') return 'dial';
  return from.is === 'pods' || to.is === 'pods' ? 'veth' : 'link';
}

/** Whether the packet is between the two sides, in a direction that the rule is about. */
export function concerns(rule: Between, sighting: Sighting): boolean {
  const { protocol, ports, direction } = rule;
  if (protocol !== undefined && protocol !== sighting.protocol) return false;
  if (ports !== undefined && !ports.some((port) => port === sighting.port)) return false;
  const forth = direction !== 'from' && isFromTo(sighting, rule.from, rule.to);
  return forth || (direction !== 'to' && isFromTo(sighting, rule.to, rule.from));
}

function isFromTo({ by, to, port, leg }: Sighting, source: End, target: End): boolean {
  // The side that is called has the port: the target of a request, the source of an answer.
  const called = leg === 'request' ? target : source;
  if ('port' in called && called.port !== undefined && called.port !== port) return false;
  return by.some((it) => isIn(it, source, target)) && isIn(to, target, source);
}

function isIn(party: Party, end: End, opposite: End): boolean {
  switch (end.is) {
    case 'anyone':
      return opposite.is === 'anyone' || !isIn(party, opposite, end);
    case 'pods':
      return party.pod !== undefined && end.pods.has(party.pod);
    case 'hosts':
      return party.host !== undefined && end.hosts.has(party.host);
    case 'clients':
      return party.actor !== undefined && end.actors.has(party.actor);
    case 'addresses':
      return party.address !== undefined && end.addresses.has(party.address);
  }
}
