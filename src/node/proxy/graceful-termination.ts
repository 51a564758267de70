// How IPVS mode takes a real server away. A TCP server keeps its connections: its weight falls to
// zero, so that it gets no new one, and it goes when the last connection has. Where nothing can be
// waited for, the connections end at once: with UDP and SCTP, and when a virtual server goes. The
// kernel drops their next packet (expire_nodest_conn), and a client that sends on is sent to
// another server.
// source: pkg/proxy/ipvs/graceful_termination.go; sysctl net.ipv4.vs.expire_nodest_conn
//
// Upstream looks once a minute whether a server has no connection left; here the next sync does.
// In between, the server stands in the list with weight 0 and nothing asks for it.

import type { ConntrackEntry } from '../netfilter/conntrack';
import type { Ruleset } from '../netfilter/ruleset';
import type { RealServer, VirtualServer } from '../netfilter/virtual-server';
import type { Replacement, Writing } from './proxy-mode';

export class GracefulTermination implements Replacement {
  written(before: Ruleset, after: Ruleset, { connections }: Writing): Ruleset {
    if (before.ipvs === undefined || after.ipvs === undefined || connections.length === 0) {
      return after;
    }
    const servers = new Map(after.ipvs.servers);
    for (const [key, virtual] of after.ipvs.servers) {
      const old = before.ipvs.servers.get(key);
      if (old === undefined || old.servers === virtual.servers) continue;
      const draining = goneFrom(old, virtual).filter((server) => {
        return isDrained(virtual) && connections.some((it) => isTo(it, virtual, server));
      });
      if (draining.length === 0) continue;
      const drained = draining.map((server) => ({ ...server, weight: 0 }));
      servers.set(key, { ...virtual, servers: [...virtual.servers, ...drained] });
    }
    const isSame = [...servers].every(([key, it]) => after.ipvs!.servers.get(key) === it);
    return isSame ? after : { ...after, ipvs: { ...after.ipvs, servers } };
  }

  ended(before: Ruleset, after: Ruleset, { connections }: Writing): ConntrackEntry[] {
    const ended: ConntrackEntry[] = [];
    for (const [key, old] of before.ipvs?.servers ?? []) {
      const now = after.ipvs?.servers.get(key);
      if (now?.servers === old.servers || connections.length === 0) continue;
      const gone = now === undefined ? old.servers : goneFrom(old, now);
      if (now !== undefined && isDrained(now)) continue;
      ended.push(...connections.filter((it) => gone.some((server) => isTo(it, old, server))));
    }
    return ended;
  }
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
