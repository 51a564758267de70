// A packet on one host: the netfilter hooks in the kernel's order, with routing between them.
// source: net/ipv4/ip_input.c, ip_forward.c, ip_output.c; bridged packets pass the same hooks
// (net/bridge/br_netfilter_hooks.c, bridge-nf-call-iptables=1)

import type { Machine, Route } from '../node/machine';
import type { PodSandbox } from '../node/pod-sandbox';
import { each } from './flight';
import type { Flight } from './flight';
import { leaveHost, noteRoute } from './link-walk';
import type { Ingress } from './link-walk';
import {
  confirm,
  findsNoPort,
  restoreSource,
  sendError,
  throughHook,
  trackPacket,
  translateDestination,
  translateSource,
} from './netfilter-walk';
import { restoreByIpvs } from './out-of-window';
import type { PolicyEnforcer } from './policy-enforcer';
import type { Walk } from './walk';

/** In at a device: conntrack, nat/PREROUTING, then routing on the new destination. */
export function enterHost(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  ingress: Ingress & { readonly device: string },
): readonly Flight[] {
  const { tuple, encapsulation } = flight.packet;
  flight.log?.enter(machine.name, ingress.device, tuple, encapsulation);
  if (encapsulation !== undefined) {
    const { kind, src, dst } = encapsulation;
    flight.log?.step(kind, 'decapsulated', `${src} → ${dst}`);
    const { kind: packetKind, service } = flight.packet;
    const inner = { tuple, kind: packetKind, mark: 0 };
    flight.packet = service === undefined ? inner : { ...inner, service };
  }
  if (!trackPacket(walk, flight, machine, 'PREROUTING')) return full(walk, flight, machine);
  const devices = { in: ingress.device };
  const ways = translateDestination(walk, flight, machine, 'PREROUTING', devices);
  const chosen = { ...ingress, at: 'chosen-in', machine } as const;
  return each(ways, (it) =>
    ways.length > 1 ? it.to(chosen) : routeIn(walk, it, machine, ingress),
  );
}

/** A process of the host sends: nat/OUTPUT, filter/OUTPUT, nat/POSTROUTING. */
export function sendFromHost(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  const { tuple } = flight.packet;
  const first = machine.isLocal(tuple.dst) ? 'lo' : machine.routing.lookup(tuple.dst)?.device;
  flight.log?.enter(machine.name, first ?? 'lo', tuple);
  if (!trackPacket(walk, flight, machine, 'OUTPUT')) return full(walk, flight, machine);
  if (first === undefined) return noRoute(walk, flight, machine);
  const ways = translateDestination(walk, flight, machine, 'OUTPUT', { out: first });
  const chosen = { at: 'chosen-out', machine, device: first } as const;
  return each(ways, (it) => (ways.length > 1 ? it.to(chosen) : routeOut(walk, it, machine, first)));
}

/** The kernel's own ICMP error: it is part of the connection that it is about. */
export function sendErrorFromHost(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  const { tuple } = flight.packet;
  flight.track = { state: 'RELATED', arrival: tuple, hit: undefined };
  const route = machine.isLocal(tuple.dst) ? undefined : machine.routing.lookup(tuple.dst);
  const out = route?.device ?? 'lo';
  flight.log?.enter(machine.name, out, tuple);
  flight.log?.step('icmp', 'error', `${machine.name} tells ${tuple.dst}`);
  if (route === undefined && !machine.isLocal(tuple.dst)) return noRoute(walk, flight, machine);
  return each(throughHook(walk, flight, machine, 'filter', 'OUTPUT', { out }), (it) =>
    route === undefined ? it.to({ at: 'host', machine }) : leaveHost(walk, it, machine, route, {}),
  );
}

/** The routing decision about what came in: for the host itself, or to be forwarded. */
export function routeIn(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  ingress: Ingress & { readonly device: string },
): readonly Flight[] {
  const { dst } = flight.packet.tuple;
  if (machine.isLocal(dst)) {
    flight.log?.step('route', 'local', `${dst} is ${machine.name}`);
    const { from } = ingress;
    const isJudged = walk.ground.policy?.judgesOwnNode === true && from !== undefined;
    const denied = isJudged ? deny(walk, flight, machine, 'egress', from) : undefined;
    if (denied !== undefined) return denied;
    return input(walk, flight, machine, ingress);
  }
  const route = machine.routing.lookup(dst);
  if (route === undefined) return noRoute(walk, flight, machine);
  if (flight.hopsLeft-- <= 0) {
    return walk.lose(flight, 'lost', `${machine.name} gave it up: it went round in a loop`);
  }
  noteRoute(walk, flight, route, dst);
  if (route.device !== ingress.device) {
    flight.log?.enter(machine.name, route.device, flight.packet.tuple);
  }
  return forward(walk, flight, machine, route, ingress);
}

/** filter/FORWARD, then nat/POSTROUTING, then out. */
function forward(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  route: Route,
  ingress: Ingress & { readonly device: string },
): readonly Flight[] {
  const devices = { in: ingress.device, out: route.device };
  const target = machine.sandboxes.get(flight.packet.tuple.dst);
  const denied =
    deny(walk, flight, machine, 'egress', ingress.from) ??
    deny(walk, flight, machine, 'ingress', target);
  if (denied !== undefined) return denied;
  return each(throughHook(walk, flight, machine, 'filter', 'FORWARD', devices), (it) =>
    postRoute(walk, it, machine, route, ingress),
  );
}

function postRoute(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  route: Route,
  ingress: Ingress,
): readonly Flight[] {
  return each(translateSource(walk, flight, machine, { out: route.device }), (it) => {
    if (findsNoPort(it, machine)) return clash(walk, it, machine);
    confirm(walk, it, machine);
    return leaveHost(walk, it, machine, route, ingress);
  });
}

/** What OUTPUT has translated is routed anew; then filter/OUTPUT. */
export function routeOut(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  first: string,
): readonly Flight[] {
  const { dst } = flight.packet.tuple;
  const isLocal = machine.isLocal(dst);
  const route = isLocal ? undefined : machine.routing.lookup(dst);
  if (!isLocal && route === undefined) return noRoute(walk, flight, machine);
  const out = route?.device ?? 'lo';
  if (route !== undefined) noteRoute(walk, flight, route, dst);
  else flight.log?.step('route', 'local', `${dst} is ${machine.name}`);
  if (out !== first) flight.log?.enter(machine.name, out, flight.packet.tuple);
  return each(throughHook(walk, flight, machine, 'filter', 'OUTPUT', { out }), (it) =>
    route === undefined ? loop(walk, it, machine) : postRoute(walk, it, machine, route, {}),
  );
}

/**
 * From the host to itself: POSTROUTING, then in again by lo. The packet still carries its
 * connection, so PREROUTING translates nothing.
 */
function loop(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  return each(translateSource(walk, flight, machine, { out: 'lo' }), (it) => {
    if (findsNoPort(it, machine)) return clash(walk, it, machine);
    confirm(walk, it, machine);
    return input(walk, it, machine, { device: 'lo' });
  });
}

/** filter/INPUT; the packet is for a socket of the host. POSTROUTING is not passed. */
function input(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  ingress: Ingress & { readonly device: string },
): readonly Flight[] {
  const { device } = ingress;
  return each(throughHook(walk, flight, machine, 'filter', 'INPUT', { in: device }), (it) => {
    if (!machine.isLocal(it.packet.tuple.dst)) return sendOn(walk, it, machine, ingress);
    const { hit } = it.track!;
    if (hit !== undefined && device !== 'lo') restoreSource(it, hit);
    restoreByIpvs(it);
    if (device !== 'lo') confirm(walk, it, machine);
    return it.to({ at: 'host', machine });
  });
}

/**
 * What IPVS has sent to a real server elsewhere goes out by OUTPUT, past FORWARD; the policies of
 * the two pods are asked all the same.
 */
function sendOn(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  { device, from }: Ingress & { readonly device: string },
): readonly Flight[] {
  const target = machine.sandboxes.get(flight.packet.tuple.dst);
  const denied =
    deny(walk, flight, machine, 'egress', from) ?? deny(walk, flight, machine, 'ingress', target);
  if (denied !== undefined) return denied;
  return routeOut(walk, flight, machine, device);
}

/** Asks the policies about the packet; undefined where nobody forbids it. */
function deny(
  walk: Walk,
  flight: Flight,
  machine: Machine,
  direction: 'ingress' | 'egress',
  sandbox: PodSandbox | undefined,
): readonly Flight[] | undefined {
  const { policy } = walk.ground;
  if (sandbox === undefined || policy === undefined || !isJudged(flight, policy)) return undefined;
  const isEstablished = flight.track?.hit !== undefined;
  const { allowed, reason, blames } = policy.verdict(
    flight.packet,
    direction,
    sandbox,
    isEstablished,
  );
  if (allowed) return undefined;
  // An ICMP error ends no connection that stands. source: net/ipv4/tcp_ipv4.c tcp_v4_err
  const isOpen = walk.session !== undefined && flight.packet.tuple.protocol === 'TCP';
  const isRejected = policy.rejects === true && !isOpen;
  const word = isRejected ? 'rejected' : 'denied';
  flight.log?.step('policy', word, blames[0] === undefined ? reason : `by ${blames[0]}`);
  const otherwise = 'denied-by-policy';
  if (!isRejected) return walk.lose(flight, otherwise, reason, blames);
  const outcome = { disposition: 'rejected-by-policy', otherwise, reason, blames } as const;
  return sendError(walk, flight, machine, outcome);
}

/** Answers follow their request; what goes the way of the request may be judged each time. */
function isJudged({ track, leg }: Flight, { judgesEstablished = false }: PolicyEnforcer): boolean {
  if (track?.state === 'NEW') return true;
  if (track?.state === 'UNTRACKED') return leg === 'request';
  return judgesEstablished && track?.hit?.direction === 'original';
}

function noRoute(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  const reason = `${machine.name} has no route to ${flight.packet.tuple.dst}`;
  const outcome = { disposition: 'no-route', otherwise: 'lost', reason, blames: [] } as const;
  return sendError(walk, flight, machine, outcome);
}

/**
 * A clash of the answer's tuple with that of another connection, which no other port resolves:
 * the packet is dropped as its entry would be made (`insert_failed` of `conntrack -S`).
 * source: net/netfilter/nf_nat_core.c nf_nat_l4proto_unique_tuple; __nf_conntrack_confirm
 */
function clash(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  const { src, dst } = flight.packet.tuple;
  const reason = `${machine.name} dropped it: no port of ${src} is left for connections to ${dst}`;
  return walk.lose(flight, 'dropped', reason, [`Node/${machine.name}`]);
}

function full(walk: Walk, flight: Flight, machine: Machine): readonly Flight[] {
  const { capacity } = machine.conntrack;
  const reason = `${machine.name} dropped it: its conntrack table is full (${capacity} entries)`;
  return walk.lose(flight, 'conntrack-full', reason, [`Node/${machine.name}`]);
}
