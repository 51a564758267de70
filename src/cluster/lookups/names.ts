// Lookups: the resolver of a container over the packet plane, so that a name fails for every
// reason for which a packet fails.

import type { ApiServer } from '../../apiserver/api-server';
import type { Pod } from '../../apiserver/kinds/pod';
import { handshake, repeated, roundTrips } from '../../network/index';
import type { Network } from '../../network/index';
import type { Timing } from '../../timing';
import { addressAt, cidr } from '../../values/cidr';
import type { ClusterSpec } from '../../values/cluster-spec';
import { outcomeOf } from '../../values/disposition';
import { splitKey } from '../../values/kube-object';
import type { IP } from '../../values/ip';
import type { Destination, Origin } from '../../values/origin';
import { CERTAIN, complement, multiply, NEVER } from '../../values/ratio';
import type { Resolution } from '../../values/resolution';
import type { Duration } from '../../values/time';
import { sortedBy } from '../../values/order';
import type { Responder, Trace } from '../../values/trace';
import { explainMissing } from './missing-name';
import {
  coursesOf,
  hostsOf,
  merged,
  NODE_RESOLV_CONF,
  resolvConfOf,
  resolve,
  upstreamOf,
} from '../../workloads/index';
import type {
  Asked,
  AskUpstream,
  Behaviours,
  Choose,
  Counts,
  DnsReply,
  DnsServers,
  DnsTransport,
  Exchanged,
  NameserverPath,
  Question,
  Reaction,
  ResolvConf,
  Trail,
  Weighted,
} from '../../workloads/index';

const DNS_PORT = 53;
const NO_COUNTS: Counts = new Map();
/** The cluster's DNS Service has the tenth address of the service range. */
const DNS_INDEX = 10;
/** A question that has been handed on this often goes round in a circle. */
const DEPTH_MAX = 20;
/**
 * Pods that ask one another about one name: a cache of the node, CoreDNS, one for a stub domain.
 * More of them are replicas that ask each other, and the ways among those are too many to tell.
 */
const PASSED_MAX = 3;

export interface NamesContext {
  readonly spec: ClusterSpec;
  readonly api: ApiServer;
  readonly network: Network;
  readonly timing: Timing;
  readonly behaviours: Behaviours;
  readonly servers: DnsServers;
  /** Every way of a packet from a new socket. */
  send(from: Origin, to: Destination): readonly Trace[];
}

/** How a name is asked for. */
export interface LookUpOptions {
  /** Record types, asked at once; `A` and `AAAA` as `getaddrinfo` does by default. */
  readonly types?: readonly string[];
  /** Another resolver than the container's own. */
  readonly libc?: string;
  /** Whether the question is really asked, so that caches learn from it. Default: false. */
  readonly real?: boolean;
}

type Later = NonNullable<Asked['later']>;

/** A question to a server, by whoever sends it. */
interface Sent {
  readonly from: Origin;
  readonly server: IP;
  readonly port: number;
  readonly transport: DnsTransport;
  readonly real: boolean;
  readonly later?: Later;
  readonly depth: number;
  readonly trail?: Trail;
  readonly drawing?: Choose;
}

/** One question on a path, with what its client has asked before. */
interface Put {
  readonly question: Question;
  readonly udpSize: number;
  /** Questions of the same lookup that faults have counted before this one. */
  readonly counted: Counts;
}

/** The addresses of the kube-dns Service, one per family. */
export function clusterDnsOf(spec: ClusterSpec): IP[] {
  return spec.serviceCIDRs.map((range) => addressAt(cidr(range), DNS_INDEX));
}

/** What kubelets are told (clusterDNS): where pods with `dnsPolicy: ClusterFirst` ask. */
export function kubeletDnsOf(spec: ClusterSpec): IP[] {
  const { nodelocal } = spec.dns;
  // In ipvs mode kube-proxy has the ClusterIP on a device of its own, so the cache cannot.
  // source: kubernetes.io "Using NodeLocal DNSCache" (--cluster-dns)
  return nodelocal !== undefined && spec.proxy.mode === 'ipvs'
    ? [nodelocal.address]
    : clusterDnsOf(spec);
}

/** Every way that a lookup from a pod, a node or an external can go. */
export function lookUp(
  context: NamesContext,
  from: Origin,
  name: string,
  options: LookUpOptions = {},
): readonly Resolution[] {
  const { spec, timing } = context;
  const { types = ['A', 'AAAA'], libc, real = false } = options;
  const own = client(context, from);
  const left: (() => void)[] = [];
  const learning = real && { later: (effect: () => void) => void left.push(effect) };
  const resolutions = resolve({
    name,
    types,
    ...own,
    libc: libc ?? own.libc,
    open: (server, transport) =>
      server === undefined
        ? outside(context)
        : pathsTo(context, {
            from,
            server,
            port: DNS_PORT,
            transport,
            real,
            depth: 0,
            ...learning,
          }),
    timeout: timing.delay('resolver.timeout').least,
    connectTimeout: timing.delay('tcp.connectTimeout').least,
    race: spec.dns.race ?? NEVER,
    ...(real && { made: (counted) => context.servers.failures.made(counted) }),
  });
  for (const effect of left) effect();
  if (!resolutions.some(({ rcode }) => rcode === 'NXDOMAIN')) return resolutions;
  const home = 'pod' in from ? splitKey(from.pod).namespace : undefined;
  const why = explainMissing(context.api.store, spec, name, home);
  if (why === '') return resolutions;
  return resolutions.map((it) =>
    it.rcode === 'NXDOMAIN' ? { ...it, reason: `${it.reason}; ${why}` } : it,
  );
}

/** Sends the question of a DNS server's process to another server. */
export function askFromPod(
  context: NamesContext,
  pod: string,
  ...[upstream, request]: Parameters<AskUpstream>
): readonly Weighted<Exchanged>[] {
  const { question, transport, udpSize, real, later, depth, trail, choose } = request;
  if (upstream === 'node') {
    const put = { question, udpSize, counted: request.counted ?? NO_COUNTS };
    const answers = askOutside(context, 'node', put, transport);
    return answers.map(({ probability, value }) => ({ probability, value: exchanged(value) }));
  }
  const { address: server, port } = upstream;
  const from = { pod };
  const sent: Sent = {
    from,
    server,
    port,
    transport,
    real,
    ...(later !== undefined && { later }),
    depth,
    ...(trail !== undefined && { trail }),
    ...(request.goesOneWay === true && { drawing: choose }),
  };
  const paths = pathsTo(context, sent);
  // What goes one way is on the same way at each server that it meets.
  const ways =
    request.goesOneWay === true ? [{ probability: CERTAIN, value: choose(paths) }] : paths;
  const answers = ways.flatMap((path) =>
    path.value
      .ask(question, udpSize, request.counted ?? NO_COUNTS)
      .map(({ probability, value }) => ({
        probability: multiply(path.probability, probability),
        value: exchanged(value),
      })),
  );
  return answers.length === 1 ? answers : merged(answers, (value) => JSON.stringify(value));
}

/** What cannot be told is an error of the other server: SERVFAIL at the client's end. */
function exchanged(reaction: Reaction): Exchanged {
  if (reaction.kind === 'reply') return reaction.reply;
  return reaction.kind === 'unreachable' ? 'unreachable' : 'silent';
}

/** The files and the C library of whoever asks. */
function client(
  { spec, api, behaviours, network }: NamesContext,
  from: Origin,
): {
  readonly conf: ResolvConf;
  readonly hosts: ReadonlyMap<string, readonly IP[]>;
  readonly libc: string;
} {
  const pod = 'pod' in from ? (api.store.get('Pod', from.pod) as Pod | undefined) : undefined;
  if (pod === undefined || !('pod' in from)) {
    const hosts = new Map([['localhost', ['127.0.0.1' as IP]]]);
    return { conf: NODE_RESOLV_CONF, hosts, libc: 'glibc' };
  }
  const { containers } = pod.spec;
  const container = containers.find((it) => it.name === from.container) ?? containers[0];
  const addresses = network.sandboxOf(from.pod)?.addresses ?? [];
  return {
    conf: resolvConfOf(pod, kubeletDnsOf(spec), spec.domain),
    hosts: hostsOf(pod, addresses, spec.domain),
    libc: container === undefined ? 'glibc' : behaviours.of(pod, container).libc,
  };
}

/** A resolver that is asked without a packet. */
function outside(context: NamesContext): readonly Weighted<NameserverPath>[] {
  const path: NameserverPath = {
    trace: undefined,
    ask: (question, udpSize, counted) =>
      askOutside(context, 'node', { question, udpSize, counted }, 'UDP'),
  };
  return [{ probability: CERTAIN, value: path }];
}

/** What a resolver outside of the cluster says: the one of the nodes, or `external/NAME`. */
function askOutside(
  { spec, servers }: NamesContext,
  server: string,
  { question, counted }: Put,
  transport: DnsTransport,
): readonly Weighted<Reaction>[] {
  const answer = upstreamOf(spec.externals);
  return coursesOf((choose) => {
    const met = { question, transport, choose, counted };
    return reactionTo(
      servers.failures.answer(server, 'door', met, () => answer(question)),
      server,
    );
  });
}

/** What a client gets of what a server says, which may be nothing. */
function reactionTo(reply: DnsReply, server: string): Reaction {
  if (reply.silent !== true) return { kind: 'reply', reply };
  const { counted = [] } = reply;
  return { kind: 'lost', reason: `${server} got the question and said nothing`, counted };
}

/** Every way from a new socket to a nameserver. */
function pathsTo(context: NamesContext, sent: Sent): readonly Weighted<NameserverPath>[] {
  const { from, server, port, transport } = sent;
  const to = { address: server, port, protocol: transport };
  const sends = context.send(from, to);
  const patience = handshake(context.timing.delay('tcp.connectTimeout').least);
  const traces = transport === 'TCP' ? sends.flatMap((it) => repeated(it, patience)) : sends;
  return traces.map((trace) => ({
    probability: trace.probability,
    value: {
      trace,
      ask: (question, udpSize, counted) =>
        react(context, sent, trace, { question, udpSize, counted }),
    },
  }));
}

/** What comes back to a question that took this path. */
function react(
  context: NamesContext,
  sent: Sent,
  trace: Trace,
  put: Put,
): readonly Weighted<Reaction>[] {
  const outcome = outcomeOf(trace.disposition);
  if (outcome === undefined) return certain({ kind: 'not-modelled', reason: trace.reason });
  if (outcome === 'refused' || outcome === 'unreachable') {
    return certain({ kind: 'unreachable', reason: trace.reason });
  }
  const { responder } = trace;
  if (outcome !== 'ok' || responder === undefined) {
    return certain({ kind: 'lost', reason: trace.reason });
  }
  if (responder.name.startsWith('external/')) {
    const answers = askOutside(context, responder.name, put, sent.transport);
    return overBadLinks(trace, answers);
  }
  const { servers } = context;
  const replies = askServer(servers, sent, responder, put);
  if (replies === 'circle') {
    return certain({ kind: 'lost', reason: 'the question goes in circles' });
  }
  if (replies === undefined) {
    const problem = servers.problemOf(responder.name);
    const reason =
      problem === ''
        ? `${responder.name}, which was reached, is no modelled DNS server`
        : `the answers of ${responder.name} are not modelled: ${problem}`;
    return certain({ kind: 'not-modelled', reason });
  }
  const reactions = replies.map(({ probability, value: reply }): Weighted<Reaction> => {
    return { probability, value: reactionTo(reply, responder.name) };
  });
  return overBadLinks(trace, reactions);
}

/**
 * Every datagram is lost or not by itself. Over TCP a round trip follows the handshake, which has
 * been repeated until it was answered.
 */
function overBadLinks(
  { stretch, took }: Trace,
  reactions: readonly Weighted<Reaction>[],
): readonly Weighted<Reaction>[] {
  if (stretch === undefined) return reactions;
  if (took !== undefined) {
    // The handshake is the kernel's: a slow server is late with its answer alone.
    const handshake = took - (stretch.work ?? 0);
    return reactions.map((it) => delayed(it, (stretch.delay + handshake) as Duration));
  }
  const lost = complement(stretch.arrives);
  const arrived = roundTrips(stretch).flatMap(({ after, probability }) =>
    reactions.map((it) => {
      return delayed({ ...it, probability: multiply(it.probability, probability) }, after);
    }),
  );
  if (lost.numerator === 0) return arrived;
  const reason = 'a bad link lost the question or its answer';
  return [...arrived, { probability: lost, value: { kind: 'lost', reason } }];
}

function delayed(reaction: Weighted<Reaction>, wait: Duration): Weighted<Reaction> {
  const { probability, value } = reaction;
  if (value.kind !== 'reply') return reaction;
  const delay = (value.reply.delay + wait) as Duration;
  return { probability, value: { kind: 'reply', reply: { ...value.reply, delay } } };
}

/**
 * What a pod replies. A question that is followed as it goes may pass a pod as often as it likes;
 * of the others each has many ways, and one that comes back to where it was only grows older.
 */
function askServer(
  servers: DnsServers,
  { transport, real, later, depth, trail, drawing }: Sent,
  { name: pod, seenSource: client }: Responder,
  { question, udpSize, counted }: Put,
): readonly Weighted<DnsReply>[] | 'circle' | undefined {
  const { passed, known }: Trail = trail ?? { passed: [], known: new Map() };
  const here = `${pod} ${question.name} ${question.type}`;
  const isBack = drawing === undefined && (passed.includes(here) || passed.length >= PASSED_MAX);
  if (isBack || depth > DEPTH_MAX) return 'circle';
  const asked = {
    question,
    client,
    transport,
    udpSize,
    real,
    ...(later !== undefined && { later }),
    depth,
    counted,
    trail: {
      passed: [...passed, here],
      known,
    },
    ...(drawing !== undefined && { drawing }),
  };
  // Ways that are drawn make each question a new one.
  if (drawing !== undefined) return servers.answer(pod, asked);
  const way = [client, transport, udpSize, sortedBy(passed, (it) => it), [...counted]];
  const key = JSON.stringify([here, ...way]);
  const replies = known.get(key) ?? servers.answer(pod, asked);
  if (replies !== undefined) known.set(key, replies);
  return replies;
}

function certain(reaction: Reaction): readonly Weighted<Reaction>[] {
  return [{ probability: CERTAIN, value: reaction }];
}
