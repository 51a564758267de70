// IPVS as a step of a packet's way: the first packet to a virtual server is sent to a real one. It
// comes after the filter of INPUT for what arrives, and after nat OUTPUT for what the host sends.
// source: net/netfilter/ipvs/ip_vs_core.c ip_vs_in, ip_vs_schedule, ip_vs_sched_persist

import type { FiveTuple } from '../../values/flow';
import { formatEndpoint } from '../../values/ip';
import { CERTAIN, multiply } from '../../values/ratio';
import type { Branch } from './evaluate';
import type { HookContext } from './match';
import type { RuleReference } from './ruleset';
import { schedule, virtualServerAt, virtualServerKey } from './virtual-server';
import type { Choice, ConnectionCount, RealServer } from './virtual-server';
import type { VirtualServer, VirtualServerTable } from './virtual-server';

/** As many clients as memory holds: a template of persistence gives way to time alone. */
const CLIENTS_MAX = Number.MAX_SAFE_INTEGER;

/** Every way on from IPVS: one for each real server, a refusal where a virtual one has none. */
export function balance(
  table: VirtualServerTable,
  way: Branch,
  context: HookContext,
): readonly Branch[] {
  const { tuple, kind } = way.packet;
  const virtual = virtualServerAt(table, tuple.protocol, tuple.dst, tuple.dport);
  if (virtual === undefined || context.state !== 'NEW') return [way];
  // The middle of a connection that IPVS does not know passes it by (sloppy_tcp is off).
  if (tuple.protocol === 'TCP' && kind !== 'syn') return [way];
  const choices = choicesOf(virtual, tuple, context);
  if (choices.length === 0) return [refused(way, virtual)];
  return choices.map((choice) => sent(way, virtual, choice));
}

function choicesOf(
  virtual: VirtualServer,
  tuple: FiveTuple,
  context: HookContext,
): readonly Choice[] {
  const { persistence } = virtual;
  const sticky = virtual.servers.find((server) => {
    if (persistence === undefined || server.weight === 0) return false;
    return context.recent(templateOf(virtual, server), tuple.src, persistence);
  });
  if (sticky !== undefined) return [{ server: sticky, share: CERTAIN }];
  return schedule(virtual, tuple, (server) => countOf(virtual, server, context));
}

/** A TCP connection is active while it is established; all others count as inactive. */
function countOf(
  { protocol, address, port }: VirtualServer,
  server: RealServer,
  { connections }: HookContext,
): ConnectionCount {
  let active = 0;
  let all = 0;
  for (const { original, reply, state } of connections?.() ?? []) {
    if (original.protocol !== protocol || original.dst !== address) continue;
    if (original.dport !== port) continue;
    if (reply.src !== server.address || reply.sport !== server.port) continue;
    all++;
    if (state === 'ESTABLISHED') active++;
  }
  return { active, inactive: all - active };
}

function sent(way: Branch, virtual: VirtualServer, { server, share }: Choice): Branch {
  const { packet } = way;
  const { address, port } = server;
  const { src } = packet.tuple;
  const setting = { list: templateOf(virtual, server), address: src, capacity: CLIENTS_MAX };
  return {
    ...way,
    probability: multiply(way.probability, share),
    packet: { ...packet, tuple: { ...packet.tuple, dst: address, dport: port } },
    rules: [...way.rules, referenceTo(virtual, server)],
    recentSets: virtual.persistence === undefined ? way.recentSets : [...way.recentSets, setting],
  };
}

/** The kernel answers for an empty virtual server (ip_vs_leave). */
function refused(way: Branch, virtual: VirtualServer): Branch {
  return { ...way, verdict: 'reject', rules: [...way.rules, referenceTo(virtual, undefined)] };
}

function referenceTo(virtual: VirtualServer, server: RealServer | undefined): RuleReference {
  const { protocol, address, port, scheduler, comment } = virtual;
  const chain = `${virtualServerKey(protocol, address, port)} ${scheduler}`;
  const position = server === undefined ? 0 : virtual.servers.indexOf(server) + 1;
  const rule: RuleReference['rule'] =
    server === undefined
      ? { matches: [], target: { do: 'reject' }, comment: `${comment} has no endpoints` }
      : {
          matches: [],
          target: { do: 'dnat', address: server.address, port: server.port },
          comment,
        };
  return { table: 'ipvs', chain, position, rule };
}

function templateOf({ protocol, address, port }: VirtualServer, server: RealServer): string {
  const from = virtualServerKey(protocol, address, port);
  return `ipvs ${from} ${formatEndpoint(server.address, server.port)}`;
}
