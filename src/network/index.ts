// Responsibilities: carry a packet from its sender to whoever takes it and the answer back, host
// by host, by the routes, rules and connection tables that stand there; tell every possible way
// with its exact probability; keep the links between hosts and what cuts them.
//
// May not: read the API or any informer, decide where a Service goes (rules do), draw which way a
// packet takes (all ways come back), let virtual time pass (a walk takes none), or change
// anything by asking. Only `open` and `proceed` write into connection tables.

export { createNetwork, CONTROL_PLANE, Network } from './network';
export type { NetworkOptions } from './network';
export type { Connection } from './connections';
export { Fabric, hostName } from './fabric';
export type { ExternalHost, Host } from './fabric';
export type { Between, Direction, End, Sighting, WireProtocol } from './ends';
export { lineOf } from './impairments';
export type { Cut, Degradation } from './impairments';
export { nextLook } from './line-queue';
export { datagram, handshake, repeated, roundTrips, segment } from './repetition';
export { LoadBalancers } from './load-balancer';
export { nodeReadingAt, noteProcesses } from './node-readings';
export type { Announcement, BalancedPort } from './load-balancer';
export type { Remember } from './known-ways';
export type { PolicyEnforcer, PolicyVerdict } from './policy-enforcer';
export type { SendOptions } from './send';
export type { StraySegment } from './stray-segment';
export type { Visit } from './walk';
