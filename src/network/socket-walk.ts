// The call that opens a connection, where an eBPF program in the socket answers it: the backend is
// chosen before there is a packet, and no host on the way translates anything.
// source: cilium bpf/bpf_sock.c (cgroup connect4 and connect6, sendmsg for UDP)

import type { Machine } from '../node/machine';
import { balanceSocket } from '../node/netfilter/ebpf';
import type { Branch } from '../node/netfilter/evaluate';
import { familyOf, formatEndpoint } from '../values/ip';
import { serviceOf } from './explain';
import type { Flight } from './flight';
import { rulesetsOn } from './node-readings';
import type { Walk } from './walk';

/** Every way that the call can take; the packet itself where no program is concerned. */
export function connectSocket(walk: Walk, flight: Flight): readonly Flight[] {
  const machine = hostOf(walk);
  const { packet } = flight;
  if (machine === undefined || packet.kind !== 'syn') return [flight];
  const ways = balanceSocket(rulesetsOn(machine, familyOf(packet.tuple.dst)), packet, {
    isLocal: (address) => machine.isLocal(address),
    recent: (list, address, span) =>
      machine.recent.has(list, address, span, walk.now) ||
      walk.remembers(machine, list, address, span),
  });
  if (ways === undefined) return [flight];
  return ways.flatMap((way, turn) => {
    const own = ways.length === 1 ? flight : flight.fork(way.probability, turn);
    return connected(walk, own, machine, way, ways.length);
  });
}

function connected(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  way: Branch,
  count: number,
): readonly Flight[] {
  const { dst, dport } = way.packet.tuple;
  flight.log?.enter(machine.name, 'socket', flight.packet.tuple);
  if (way.verdict !== 'accept') {
    const service = serviceOf(way.rules)!;
    const reason = `connect() failed on ${machine.name}: Service ${service} has no endpoint to use`;
    flight.log?.step('socket', 'EHOSTUNREACH', reason);
    const blames = [`Service/${service}`];
    const disposition = 'host-unreachable';
    return walk.end(flight, { disposition, otherwise: disposition, reason, blames });
  }
  const rule = way.rules.at(-1)!;
  const why = `${rule.rule.comment}, ${rule.position} of ${count}`;
  flight.log?.step('socket', 'connect', `to ${formatEndpoint(dst, dport)}  ${why}`);
  flight.recentSets = way.recentSets.map((set) => ({ machine, ...set }));
  // A process of the host takes its source address for the backend, not for what it dialled.
  const source = 'machine' in walk.sender ? machine.sourceFor(dst) : undefined;
  flight.retuple({ ...way.packet.tuple, ...(source !== undefined && { src: source }) });
  flight.socket = flight.packet.tuple;
  return [flight];
}

/** The host in whose kernel the sender's socket is. */
function hostOf({ sender, ground }: Walk): Machine | undefined {
  if ('external' in sender) return undefined;
  return 'machine' in sender ? sender.machine : ground.machines.get(sender.sandbox.node);
}
