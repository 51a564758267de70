// The domain `services`: who answers which question.

import type { Protocol } from '../../src/values/flow';
import { familyOf, ip } from '../../src/values/ip';
import type { Family } from '../../src/values/ip';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import { seconds, START } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { categorizeEndpoints, endpointText } from '../../src/node/proxy/categorize-endpoints';
import { endpointChainName, serviceChainNames } from '../../src/node/proxy/chain-names';
import { staleEntries } from '../../src/node/proxy/conntrack-cleanup';
import { newEntry } from '../../src/node/netfilter/conntrack-entry';
import { nftEndpointNames, nftServiceNames } from '../../src/node/proxy/nftables-names';
import { nodePortAddresses } from '../../src/node/proxy/node-port-addresses';
import { proxyMode } from '../../src/node/proxy/index';
import type { Endpoint } from '../../src/node/proxy/proxy-mode';
import { SyncRunner } from '../../src/node/proxy/sync-runner';
import { admit } from './admission';
import { connect, conntrack, tuple } from './connections';
import { firstPacket } from './first-packet';
import { get } from './health';
import { portKey, proxyInput, proxyNode } from './proxy-world';
import { wrongIn } from './question-form';
import { slices } from './slices';
import { kindOf } from './vector-file';
import type { Answer, Question } from './vector-file';

type Ask<T> = T & Readonly<Record<string, unknown>>;

/** How each kind of question is answered, by the field that tells it. */
const ANSWERS: Readonly<Record<string, (question: Question) => Answer>> = {
  node: firstPacket,
  categorize,
  chain,
  servicePorts,
  syncs,
  cleanup,
  nodePortAddresses: selectedAddresses,
  noLocalEndpoints,
  slices,
  connect,
  conntrack,
  tuple,
  get,
  admit,
};

const FAMILIES = ['IPv4', 'IPv6'] as const;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

/** Questions whose answer depends on the proxy's mode. */
const MODE_DEPENDENT = ['node', 'chain', 'noLocalEndpoints', 'connect', 'conntrack', 'tuple'];

export function answerServices(question: Question): Answer {
  const kind = kindOf(question, Object.keys(ANSWERS));
  const wrong = wrongIn(question, kind);
  if (wrong !== undefined) throw new Error(wrong);
  const { proxy = 'iptables' } = question.cluster;
  if (MODE_DEPENDENT.includes(kind) && proxyMode(proxy) === undefined) {
    throw new Error(`there is no mode ${proxy} of kube-proxy`);
  }
  return ANSWERS[kind]!(question);
}

function categorize(question: Question): Answer {
  const ask = question.ask['categorize'] as Ask<{
    node: string;
    service: string;
    port?: string;
    protocol?: Protocol;
  }>;
  const { key, family } = portOf(question, ask);
  const input = proxyInput(question, family);
  const service = input.servicePorts.get(key)!;
  const node = proxyNode(question, ask.node, family);
  const lists = categorizeEndpoints(input.endpoints.get(key) ?? [], service, node);
  const { cluster, local, all, hasAny } = lists;
  return { is: { cluster: texts(cluster), local: texts(local), all: texts(all), hasAny } };
}

/** The Service port of a question, whatever its family, and its protocol where none is named. */
function portOf(
  question: Question,
  { service, port = '', protocol }: { service: string; port?: string; protocol?: Protocol },
): { readonly key: string; readonly family: Family } {
  const protocols = protocol === undefined ? PROTOCOLS : [protocol];
  for (const family of FAMILIES) {
    const { servicePorts } = proxyInput(question, family);
    const keys = protocols.map((it) => portKey(service, port, it));
    const key = keys.find((it) => servicePorts.has(it));
    if (key !== undefined) return { key, family };
  }
  throw new Error(`kube-proxy sees no port ${port === '' ? '' : `${port} `}of Service ${service}`);
}

function texts(list: readonly Endpoint[]): string[] {
  return list.map(endpointText);
}

function chain(question: Question): Answer {
  const ask = question.ask['chain'] as Ask<{
    kind: 'service' | 'external' | 'firewall' | 'endpoint';
    service: string;
    port?: string;
    protocol?: Protocol;
    endpoint: string;
  }>;
  const [namespace = '', name = ''] = ask.service.split('/');
  const { port = '', protocol = 'TCP' } = ask;
  const id = { namespace, name, port, protocol };
  const isNft = question.cluster.proxy === 'nftables';
  if (ask.kind === 'endpoint') {
    const name = isNft
      ? nftEndpointNames(id, ask.endpoint).chain
      : endpointChainName(id, ask.endpoint);
    return { is: { name } };
  }
  const { cluster, external, firewall } = isNft ? nftServiceNames(id) : serviceChainNames(id);
  return { is: { name: { service: cluster, external, firewall }[ask.kind] } };
}

function servicePorts(question: Question): Answer {
  const { service, family = 'IPv4' } = question.ask['servicePorts'] as Ask<{
    service: string;
    family?: Family;
  }>;
  const all = [...proxyInput(question, family).servicePorts.values()];
  const own = all.filter(({ id }) => `${id.namespace}/${id.name}` === service);
  const ports = own.map(({ id, loadBalancerSourceRanges: sourceRanges, ...port }) => {
    return { ...port, name: id.port, protocol: id.protocol, sourceRanges };
  });
  return { is: { ports } };
}

/** A run takes no time here; requests, periods and retries are all that counts. */
function syncs(question: Question): Answer {
  const ask = question.ask['syncs'] as Ask<{
    min: number;
    retry: number;
    max: number;
    requests: readonly number[];
    failures?: readonly number[];
    until: number;
  }>;
  const runner = new SyncRunner(versionOf(question), seconds(ask.min));
  const requests = ask.requests.map((it) => seconds(it) as number as Instant);
  const runs: number[] = [];
  let now: Instant = START;
  let period = Infinity;
  for (;;) {
    const request = requests[0] ?? Infinity;
    const start = Math.min(runner.nextStart(now) ?? Infinity, period);
    const next = Math.min(request, start) as Instant;
    if (next > seconds(ask.until)) break;
    now = next;
    if (request <= start) {
      requests.shift();
      runner.request();
      continue;
    }
    runner.begin(now);
    runs.push(now / 1_000_000);
    const failed = ask.failures?.includes(runs.length) === true;
    runner.end(now, failed ? seconds(Math.min(ask.retry, ask.max)) : undefined);
    period = failed ? Infinity : now + seconds(ask.max);
  }
  return { is: { runs } };
}

function cleanup(question: Question): Answer {
  const { entry } = question.ask['cleanup'] as Ask<{
    entry: {
      protocol: Protocol;
      original: Record<'src' | 'dst', string> & Record<'sport' | 'dport', number>;
      reply: Record<'src' | 'dst', string> & Record<'sport' | 'dport', number>;
    };
  }>;
  const { protocol } = entry;
  const [original, reply] = [entry.original, entry.reply].map((side) => {
    return { ...side, protocol, src: ip(side.src), dst: ip(side.dst) };
  });
  const family = familyOf(original!.dst);
  const input = proxyInput(question, family);
  const kubernetes = versionOf(question);
  const sync = { family, kubernetes, input, before: undefined } as const;
  const stale = staleEntries([newEntry(original!, reply!, START)], sync);
  return { is: { deleted: stale.length > 0 } };
}

function selectedAddresses(question: Question): Answer {
  const { node } = question.ask['nodePortAddresses'] as Ask<{ node: string }>;
  const select = (family: Family) => {
    const { addresses, nodePortAddresses: setting } = proxyNode(question, node, family);
    return nodePortAddresses(setting, family, addresses);
  };
  return { is: { IPv4: select('IPv4'), IPv6: select('IPv6') } };
}

/** source: pkg/proxy/iptables/proxier.go serviceNoLocalEndpointsTotal{Internal,External} */
function noLocalEndpoints(question: Question): Answer {
  const { node: name } = question.ask['noLocalEndpoints'] as Ask<{ node: string }>;
  let internal = 0;
  let external = 0;
  for (const family of FAMILIES) {
    const input = proxyInput(question, family);
    const node = proxyNode(question, name, family);
    for (const [key, service] of input.servicePorts) {
      const lists = categorizeEndpoints(input.endpoints.get(key) ?? [], service, node);
      if (!lists.hasAny || lists.local.length > 0) continue;
      if (service.internalPolicyLocal) internal++;
      if (service.externalPolicyLocal) external++;
    }
  }
  return { is: { internal, external } };
}

function versionOf({ cluster }: Question): KubeVersion {
  return (cluster.kubernetes ?? NEWEST_VERSION) as KubeVersion;
}
