// How IPVS mode takes a real server away. A TCP server keeps its connections: its weight falls to
// zero, so that it gets no new one, and it goes when the last connection has. Where nothing can be
// waited for, the connections end at once: with UDP and SCTP, and when a virtual server goes. The
// kernel drops their next packet (expire_nodest_conn), and a client that sends on is sent to
// another server.
// source: pkg/proxy/ipvs/graceful_termination.go; sysctl net.ipv4.vs.expire_nodest_conn
//
// Upstream looks once a minute whether a server has no connection left; here the next sync does.
// In between, the server stands in the list with weight 0 and nothing asks for it.

import { OverlayMap } from '../../values/overlay-map';
import type { ConntrackEntry } from '../netfilter/conntrack';
import type { Ruleset } from '../netfilter/ruleset';
import { virtualServerAt, virtualServerKey } from '../netfilter/virtual-server';
import type { RealServer, VirtualServer, VirtualServerTable } from '../netfilter/virtual-server';
import type { Replacement, Writing } from './proxy-mode';

export class GracefulTermination implements Replacement {
  written(before: Ruleset, after: Ruleset, { connections }: Writing): Ruleset {
    if (before.ipvs === undefined || after.ipvs === undefined || connections.length === 0) {
      return after;
    }
    const edits = new Map<string, VirtualServer>();
    for (const { key, old, now } of changesBetween(before.ipvs, after.ipvs)) {
      if (old === undefined || now === undefined || !isDrained(now)) continue;
      const draining = goneFrom(old, now).filter((server) => {
        return connections.some((it) => isTo(it, now, server));
      });
      if (draining.length === 0) continue;
      const drained = draining.map((server) => ({ ...server, weight: 0 }));
      edits.set(key, { ...now, servers: [...now.servers, ...drained] });
    }
    if (edits.size === 0) return after;
    const servers = OverlayMap.of(after.ipvs.servers).with(edits);
    return { ...after, ipvs: { ...after.ipvs, servers } };
  }

  ended(before: Ruleset, after: Ruleset, { connections }: Writing): ConntrackEntry[] {
    if (before.ipvs === undefined || connections.length === 0) return [];
    const ended: ConntrackEntry[] = [];
    for (const { old, now } of changesBetween(before.ipvs, after.ipvs)) {
      if (old === undefined || (now !== undefined && isDrained(now))) continue;
      const gone = now === undefined ? old.servers : goneFrom(old, now);
      ended.push(...connections.filter((it) => gone.some((server) => isTo(it, old, server))));
    }
    return ended;
  }
}

/** A virtual server whose real ones may be others. */
interface Change {
  readonly key: string;
  readonly old: VirtualServer | undefined;
  readonly now: VirtualServer | undefined;
}

/** One change for each address and port, those of NodePorts on each of their addresses. */
function* changesBetween(
  before: VirtualServerTable,
  after: VirtualServerTable | undefined,
): Iterable<Change> {
  const addresses = new Set([...before.nodePortAddresses, ...(after?.nodePortAddresses ?? [])]);
  const dialled = new Map<string, Pick<VirtualServer, 'protocol' | 'address' | 'port'>>();
  for (const key of changedKeys(before.servers, after?.servers)) {
    const server = before.servers.get(key) ?? after?.servers.get(key);
    if (server !== undefined) dialled.set(key, server);
  }
  for (const nodePort of changedKeys(before.nodePorts, after?.nodePorts)) {
    const server = before.nodePorts.get(nodePort) ?? after?.nodePorts.get(nodePort);
    if (server === undefined) continue;
    const { protocol, port } = server;
    for (const address of addresses) {
      dialled.set(virtualServerKey(protocol, address, port), { protocol, address, port });
    }
  }
  for (const [key, { protocol, address, port }] of dialled) {
    const old = virtualServerAt(before, protocol, address, port);
    const now = after && virtualServerAt(after, protocol, address, port);
    if (old?.servers !== now?.servers) yield { key, old, now };
  }
}

/** Where both are versions of one map, a look at what changed suffices. */
function changedKeys<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T> = new Map(),
): Iterable<string> {
  if (before instanceof OverlayMap && after instanceof OverlayMap) {
    return (after as OverlayMap<string, T>).changedFrom(before);
  }
  return new Set([...before.keys(), ...after.keys()]);
}

function goneFrom(old: VirtualServer, now: VirtualServer): RealServer[] {
  return old.servers.filter(({ address, port }) => {
    return !now.servers.some((it) => it.address === address && it.port === port);
  });
}

function isDrained({ protocol }: VirtualServer): boolean {
  return protocol === 'TCP';
}

function isTo(
  { original, reply }: ConntrackEntry,
  { protocol, address, port }: VirtualServer,
  server: RealServer,
): boolean {
  return (
    original.protocol === protocol &&
    original.dst === address &&
    original.dport === port &&
    reply.src === server.address &&
    reply.sport === server.port
  );
}
