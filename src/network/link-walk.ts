// How a packet gets from one place to the next: out of a device of a host, over a bridge into a
// pod, through a tunnel or over the fabric to another host.

import type { Machine, NetworkInterface, Route } from '../node/machine';
import type { PodSandbox } from '../node/pod-sandbox';
import { familyOf, formatEndpoint } from '../values/ip';
import type { IP } from '../values/ip';
import type { Encapsulation } from '../values/packet';
import { tunnelOf } from './direct-return';
import { hostName } from './fabric';
import type { Host } from './fabric';
import type { Flight } from './flight';
import { balance, unbalance } from './load-balancer';
import { sendError } from './netfilter-walk';
import { passLink, passOutOfPod } from './passage';
import type { Walk } from './walk';

/** How the packet came to the host that now sends it on. */
export interface Ingress {
  /** Undefined for what the host itself made. */
  readonly device?: string;
  readonly from?: PodSandbox;
}

/** Sends a packet out of a host by `route`. */
export function leaveHost(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  route: Route,
  ingress: Ingress,
): readonly Flight[] {
  if (route.blackhole === true) {
    const reason = `${machine.name} has the range ${route.destination}, but no pod at`;
    return walk.lose(flight, 'pod-gone', `${reason} ${flight.packet.tuple.dst} (blackhole route)`);
  }
  const device = machine.device(route.device);
  if (device?.kind === 'bridge') return overBridge(walk, flight, machine, device, ingress);
  if (device?.kind === 'veth') return overVeth(walk, flight, machine, device);
  const tunnel = route.encapsulation ?? tunnelOf(walk, flight, route);
  if (tunnel !== undefined) return throughTunnel(walk, flight, machine, tunnel);
  const { dst } = flight.packet.tuple;
  const { fabric } = walk.ground;
  const nextHop = route.via === undefined ? undefined : fabric.hostAt(route.via);
  if (nextHop !== undefined) return carry(walk, flight, machine.name, nextHop);
  const target = fabric.hostAt(dst);
  if (target !== undefined) return carry(walk, flight, machine.name, target);
  const announced = carryBalanced(walk, flight, machine.name);
  if (announced !== undefined) return announced;
  if (route.via === undefined) {
    return unreachable(walk, flight, machine, `nobody on ${route.device} has the address ${dst}`);
  }
  const reason = `${machine.name} sent it to the router ${route.via}, which leads ${dst} nowhere`;
  return walk.lose(flight, 'lost', reason);
}

/** Writes down the routing decision: `via worker-2 (vxlan)`, `dev cni0`. */
export function noteRoute(walk: Walk, { log }: Flight, route: Route, destination: IP): void {
  if (log === undefined) return;
  const { fabric } = walk.ground;
  const { via, device, encapsulation } = route;
  if (encapsulation !== undefined) {
    log.step('route', 'via', `${nameAt(walk, encapsulation.remote)} (${encapsulation.kind})`);
  } else if (via === undefined) {
    log.step('route', 'dev', device);
  } else if (fabric.hostAt(via) !== undefined) {
    log.step('route', 'via', nameAt(walk, via));
  } else {
    log.step('route', 'via', `router ${via} to ${nameAt(walk, destination)}`);
  }
}

function nameAt(walk: Walk, address: IP): string {
  const host = walk.ground.fabric.hostAt(address);
  return host === undefined ? address : hostName(host);
}

function overBridge(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  device: NetworkInterface,
  ingress: Ingress,
): readonly Flight[] {
  const { dst } = flight.packet.tuple;
  const sandbox = machine.sandboxes.get(dst);
  if (sandbox === undefined) return absent(walk, flight, machine, device, ingress);
  flight.log?.step(device.name, 'ARP', `${dst} is ${walk.ground.nameOfPod(sandbox.podKey)}`);
  if (ingress.from === sandbox && device.hairpin !== true) {
    const back = 'sends nothing back by the port it came in (no hairpin mode)';
    const reason = `${machine.name}: ${device.name} ${back}`;
    // A bridged packet is confirmed as it leaves by a port, and it never comes so far.
    // source: net/bridge/br_netfilter_hooks.c br_nf_post_routing
    flight.unconfirm(machine);
    return walk.lose(flight, 'dropped', reason);
  }
  return flight.to({ at: 'pod', sandbox, looped: false });
}

/** A pair of devices with a host at one end and a single pod at the other. */
function overVeth(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  device: NetworkInterface,
): readonly Flight[] {
  const { dst } = flight.packet.tuple;
  const sandbox = machine.sandboxes.get(dst);
  if (sandbox !== undefined) return flight.to({ at: 'pod', sandbox, looped: false });
  return unreachable(walk, flight, machine, `no pod has ${dst} behind ${device.name}`, 'pod-gone');
}

/**
 * Nobody on the bridge answers ARP. The host says so to whoever is beyond it; a pod on the same
 * bridge hears nothing.
 */
function absent(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  device: NetworkInterface,
  ingress: Ingress,
): readonly Flight[] {
  const { dst } = flight.packet.tuple;
  const nobody = `no pod on ${machine.name} has the address ${dst}`;
  const what = `${nobody}: nobody on ${device.name} answers ARP`;
  if (ingress.device === device.name) return walk.lose(flight, 'pod-gone', what);
  return unreachable(walk, flight, machine, what, 'pod-gone');
}

function unreachable(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  reason: string,
  otherwise: 'pod-gone' | 'lost' = 'lost',
): readonly Flight[] {
  const disposition = 'host-unreachable';
  return sendError(walk, flight, machine, { disposition, otherwise, reason, blames: [] });
}

function throughTunnel(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  { kind, remote }: NonNullable<Route['encapsulation']>,
): readonly Flight[] {
  const src = machine.primaryAddress('eth0', familyOf(remote))!;
  const encapsulation: Encapsulation = { kind, src, dst: remote };
  flight.log?.encapsulate(encapsulation);
  const { tuple, kind: packetKind, mark, service } = flight.packet;
  const inner = { tuple, kind: packetKind, mark, encapsulation };
  flight.packet = service === undefined ? inner : { ...inner, service };
  const host = walk.ground.fabric.hostAt(remote);
  if (host === undefined) {
    return walk.lose(flight, 'lost', `no host has the tunnel's outer address ${remote}`);
  }
  return carry(walk, flight, machine.name, host);
}

/**
 * From a host to the nodes that stand behind an announced address; undefined where nobody
 * announces the packet's destination. Who has found the node by ARP sends to it directly.
 */
export function carryBalanced(
  walk: Walk,
  flight: Flight,
  from: string,
): readonly Flight[] | undefined {
  const { balancers, machines, fabric } = walk.ground;
  if (unbalance(flight)) {
    const home = fabric.hostAt(flight.packet.tuple.dst);
    if (home !== undefined) return carry(walk, flight, flight.balanced!.by, home);
  }
  const announcement = balancers.at(flight.packet.tuple.dst);
  if (announcement === undefined) return undefined;
  const sender = announcement.neighbours === undefined ? announcement.by : from;
  return balance(walk, flight, announcement, from).flatMap((way) =>
    carry(walk, way.flight, sender, machines.get(way.node)!),
  );
}

/** Over the fabric, from one host to another. */
export function carry(walk: Walk, flight: Flight, from: string, to: Host): readonly Flight[] {
  if (unbalance(flight)) {
    const home = walk.ground.fabric.hostAt(flight.packet.tuple.dst);
    if (home !== undefined) return carry(walk, flight, flight.balanced!.by, home);
  }
  const name = hostName(to);
  const { encapsulation } = flight.packet;
  const stopped = passLink(walk, flight, from, name);
  if (stopped !== undefined) return stopped;
  if ('external' in to) return flight.to({ at: 'external', external: to });
  if (!to.powered) {
    return walk.lose(flight, 'node-down', `${name} has no power`, [`Node/${name}`]);
  }
  if (to.stoppedBy.size > 0) {
    return walk.lose(flight, 'node-frozen', `${name} is stopped`, [`Node/${name}`]);
  }
  if (encapsulation === undefined) return flight.to({ at: 'host-in', machine: to, device: 'eth0' });
  const tunnel = to.tunnel(familyOf(flight.packet.tuple.dst));
  if (tunnel === undefined) {
    return walk.lose(flight, 'lost', `${name} has no device that takes ${encapsulation.kind}`);
  }
  return flight.to({ at: 'host-in', machine: to, device: tunnel.name });
}

/** A container sends: within its own namespace, over the bridge, or to the host as its gateway. */
export function leavePod(walk: Walk, flight: Flight, sandbox: PodSandbox): readonly Flight[] {
  const { tuple } = flight.packet;
  if (isOwn(sandbox, tuple.dst)) {
    flight.log?.enter(sandbox.node, 'lo', tuple);
    return flight.to({ at: 'pod', sandbox, looped: true });
  }
  const machine = walk.ground.machines.get(sandbox.node)!;
  flight.log?.enter(machine.name, 'veth', tuple);
  const name = walk.ground.nameOfPod(sandbox.podKey);
  flight.log?.step(`pod ${name}`, 'sent', `to ${formatEndpoint(tuple.dst, tuple.dport)}`);
  const stopped = passOutOfPod(walk, flight, sandbox);
  if (stopped !== undefined) return stopped;
  const uplink = uplinkOf(machine, tuple.src);
  if (uplink === undefined) {
    return walk.lose(flight, 'no-route', `${machine.name} has no device for ${tuple.src}`);
  }
  if (isNeighbour(machine, uplink, tuple.dst)) {
    // The pod itself asks by ARP, and its own kernel tells it when nobody answers; a UDP socket
    // hears nothing of that, see isToldToSender.
    const nobody = `no pod on ${machine.name} has the address ${tuple.dst}`;
    const reason = `${nobody}: ${name} asked by ARP in vain`;
    if (flight.leg === 'answer' || tuple.protocol === 'UDP') {
      return walk.lose(flight, 'pod-gone', reason);
    }
    const unheard = { disposition: 'host-unreachable', otherwise: 'host-unreachable' } as const;
    return walk.end(flight, { ...unheard, reason, blames: [] });
  }
  const neighbour = unseenNeighbour(machine, uplink, tuple.dst);
  if (neighbour !== undefined) {
    flight.log?.step(uplink.name, 'bridged', 'past all rules: bridge-nf-call-iptables=0');
    return flight.to({ at: 'pod', sandbox: neighbour, looped: false });
  }
  return flight.to({ at: 'host-in', machine, device: uplink.name, from: sandbox });
}

/**
 * The pod on the same bridge that gets a frame without anybody at the host looking at it.
 * source: net/bridge/br_netfilter_hooks.c br_nf_pre_routing (brnf_call_iptables)
 */
function unseenNeighbour(
  machine: Machine,
  uplink: NetworkInterface,
  address: IP,
): PodSandbox | undefined {
  if (machine.filtersBridges || uplink.kind !== 'bridge') return undefined;
  return machine.sandboxes.get(address);
}

/** Whether the address is one that the pod's own namespace takes. */
export function isOwn(sandbox: PodSandbox, address: IP): boolean {
  return sandbox.addresses.includes(address) || address.startsWith('127.') || address === '::1';
}

/** The host's device behind which the pod with this address is plugged in. */
function uplinkOf(machine: Machine, address: IP): NetworkInterface | undefined {
  const route = machine.routing.lookup(address);
  return route === undefined ? undefined : machine.device(route.device);
}

/** Whether the address is in the pod's own subnet, and nobody there has it. */
function isNeighbour(machine: Machine, uplink: NetworkInterface, address: IP): boolean {
  if (uplink.kind !== 'bridge' || machine.isLocal(address)) return false;
  const route = machine.routing.lookup(address);
  return route?.device === uplink.name && !machine.sandboxes.has(address);
}
