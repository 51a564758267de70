// Lookups: the resolver of a container over the packet plane, so that a name fails for every
// reason for which a packet fails.

import type { ApiServer } from '../apiserver/api-server';
import type { Pod } from '../apiserver/kinds/pod';
import type { Network } from '../network/index';
import type { Timing } from '../timing';
import { addressAt, cidr } from '../values/cidr';
import type { ClusterSpec } from '../values/cluster-spec';
import type { IP } from '../values/ip';
import type { Origin } from '../values/origin';
import type { Resolution } from '../values/resolution';
import { hostsOf, NODE_RESOLV_CONF, resolvConfOf, resolve, upstreamOf } from '../workloads/index';
import type { Behaviours, DnsServers, QueryPath, Question, ResolvConf } from '../workloads/index';

const DNS_PORT = 53;
/** The cluster's DNS Service has the tenth address of the service range. */
const DNS_INDEX = 10;

export interface NamesContext {
  readonly spec: ClusterSpec;
  readonly api: ApiServer;
  readonly network: Network;
  readonly timing: Timing;
  readonly behaviours: Behaviours;
  readonly servers: DnsServers;
}

/** The addresses of the kube-dns Service, one per family. */
export function clusterDnsOf(spec: ClusterSpec): IP[] {
  return spec.serviceCIDRs.map((range) => addressAt(cidr(range), DNS_INDEX));
}

/** Every way that a lookup from a pod, a node or an external can go. */
export function lookUp(
  context: NamesContext,
  from: Origin,
  name: string,
  type?: 'A' | 'AAAA',
): readonly Resolution[] {
  const { spec, timing } = context;
  return resolve({
    name,
    types: type === undefined ? ['A', 'AAAA'] : [type],
    ...client(context, from),
    send: (server, questions) => ask(context, from, server, questions),
    upstream: upstreamOf(spec.externals),
    timeout: timing.delay('resolver.timeout').least,
  });
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
    conf: resolvConfOf(pod, clusterDnsOf(spec), spec.domain),
    hosts: hostsOf(pod, addresses, spec.domain),
    libc: container === undefined ? 'glibc' : behaviours.of(pod, container).libc,
  };
}

function ask(
  { network, servers }: NamesContext,
  from: Origin,
  server: IP,
  questions: readonly Question[],
): QueryPath[] {
  const traces = network.send(from, { address: server, port: DNS_PORT, protocol: 'UDP' });
  return traces.map((trace) => ({
    trace,
    answers: questions.map((question) => {
      const responder = trace.disposition === 'answered' ? trace.responder?.name : undefined;
      return responder === undefined ? undefined : servers.answer(responder, question);
    }),
  }));
}
