// What containers do. Responsibilities: what a process listens on and how it starts and ends
// (behaviour), what a CoreDNS process answers (coredns), what the C library of a container asks
// (resolver), and the files that the kubelet gives it for that (resolv-conf).
//
// May not: send a packet (a resolver is handed a function that does), run a container (the kubelet
// does), read the store (each CoreDNS has informers of its own), or move time.

export { behaviourOf, isInitContainer } from './behaviour';
export type { Behaviour } from './behaviour';
export { workloadOf } from './behaviour-target';
export { Behaviours } from './behaviours';
export { endingOf, sleepOf } from './command';
export { bringsDns, corednsManifests, defaultCorefile } from './coredns-manifests';
export type { TimerOverride } from './coredns-manifests';
export { CoreDns } from './coredns/server';
export type { AskUpstream, DnsRequest, Exchanged, Trail } from './coredns/plugin';
export { CorefileError, parseCorefile } from './corefile';
export { coursesOf, merged, TooManyCourses } from './courses';
export type { Choose, Weighted } from './courses';
export type { DnsReply, DnsTransport, Question, ResourceRecord } from './dns-message';
export { ALWAYS } from './dns-failures';
export type { Counts, DnsFailure, WrongAnswer } from './dns-failures';
export { DnsServers } from './dns-servers';
export type { Asked } from './dns-servers';
export { DnsView } from './dns-view';
export { KNOWN_IMAGES, knownImage } from './known-images';
export type { LookupRequest, NameserverPath, Reaction } from './lookup';
export { bringsNodeCache, nodeCacheManifests } from './node-cache-manifests';
export { DNS_PORT } from './node-cache';
export type { NodeCache } from './node-cache';
export { hostnameOf, hostsOf, NODE_RESOLV_CONF, optionTexts, resolvConfOf } from './resolv-conf';
export type { ResolvConf } from './resolv-conf';
export { LIBCS, resolve } from './resolver';
export { upstreamOf } from './upstream';
export type { Upstream } from './upstream';
