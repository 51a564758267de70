// The rules of many Services: what it costs to compile them all for one node, to compile them
// again after one EndpointSlice has changed, and to walk a packet through them.

import { Store } from '../src/apiserver/store';
import { balanceSocket } from '../src/node/netfilter/ebpf';
import { traverse } from '../src/node/netfilter/evaluate';
import type { Branch, HookContext } from '../src/node/netfilter/evaluate';
import type { Ruleset } from '../src/node/netfilter/ruleset';
import { proxyMode } from '../src/node/proxy/index';
import { ProxyInputs } from '../src/node/proxy/proxy-inputs';
import type { ProxyMode, ProxyNode } from '../src/node/proxy/proxy-mode';
import { addressAt, cidr } from '../src/values/cidr';
import { ip } from '../src/values/ip';
import type { IP } from '../src/values/ip';
import type { KubeObject } from '../src/values/kube-object';
import type { Packet } from '../src/values/packet';
import { START } from '../src/values/time';
import { compare } from './measure';
import type { Measurement } from './measure';

const MANY = 10_000;
const FEW = 100;
const FEWEST = 10;
const ENDPOINTS = 15;
const MODES = ['iptables', 'nftables', 'ipvs', 'ebpf'] as const;

/** Changes and packets in one round; as many as make a round longer than the clock is coarse. */
const CHANGES = 200;
const PACKETS = 2_000;

const NODE: ProxyNode = {
  name: 'w0',
  family: 'IPv4',
  addresses: [ip('172.16.0.10'), ip('127.0.0.1')],
  zone: '',
  clusterCIDR: '10.0.0.0/10',
  masqueradeAll: false,
  nodePortAddresses: [],
  localhostNodePorts: true,
  kubernetes: '1.36',
};

const CONTEXT: HookContext = {
  state: 'NEW',
  isDnat: false,
  isLocal: (address) => NODE.addresses.includes(address),
  recent: () => false,
  masqueradeAddress: NODE.addresses[0]!,
};

export function serviceMeasurements(): Measurement[] {
  const objects = objectsOf(MANY);
  return MODES.flatMap((name) => {
    const mode = proxyMode(name)!;
    return [compileAll(mode, objects), changeOne(mode, objects), walk(mode, objects)];
  });
}

function compileAll(mode: ProxyMode, objects: readonly KubeObject[]): Measurement {
  const rounds = 5;
  const text = JSON.stringify(objects);
  // Nothing is known of a new store's objects; the first round warms up.
  const stores = Array.from({ length: rounds + 1 }, () => storeOf(objects));
  return compare({
    name: `services: ${mode.name}, compile ${MANY} × ${ENDPOINTS} endpoints for one node`,
    unit: 'compilations',
    yardstick: 'JSON.parse of the same objects',
    goal: 1,
    rounds,
    subject: () => {
      new NodeProxy(mode, stores.pop()!).compile();
      return 1;
    },
    base: () => {
      if ((JSON.parse(text) as unknown[]).length !== objects.length) throw new Error('lost');
      return 1;
    },
  });
}

function changeOne(mode: ProxyMode, objects: readonly KubeObject[]): Measurement {
  const change = (all: readonly KubeObject[]) => {
    const proxy = new NodeProxy(mode, storeOf(all));
    walkOnce(proxy.compile(), 0);
    let turn = 0;
    return () => {
      for (let count = 0; count < CHANGES; count++) {
        turn++;
        proxy.store.put(sliceOf(turn % FEW, ENDPOINTS - (turn % 2)), START, -1);
        walkOnce(proxy.compile(), turn % FEW);
      }
      return CHANGES;
    };
  };
  return compare({
    name: `services: ${mode.name}, one EndpointSlice of ${MANY} Services changes`,
    unit: 'changes',
    yardstick: `one of ${FEW} Services`,
    goal: 1.2,
    rounds: 9,
    subject: change(objects),
    base: change(objectsOf(FEW)),
  });
}

function walk(mode: ProxyMode, objects: readonly KubeObject[]): Measurement {
  const walks = (all: readonly KubeObject[]) => {
    const ruleset = new NodeProxy(mode, storeOf(all)).compile();
    const services = all.length / 2;
    return () => {
      // Ten Services spread over all, so that both walks meet as many different ones.
      for (let count = 0; count < PACKETS; count++) {
        walkOnce(ruleset, (count % FEWEST) * (services / FEWEST));
      }
      return PACKETS;
    };
  };
  return compare({
    name: `services: ${mode.name}, a packet finds one of ${MANY} Services`,
    unit: 'walks',
    yardstick: `one of ${FEWEST} Services`,
    goal: 2,
    rounds: 9,
    subject: walks(objects),
    base: walks(objectsOf(FEWEST)),
  });
}

/** kube-proxy of one node, as far as it makes rules. */
class NodeProxy {
  readonly store: Store;
  private readonly mode: ProxyMode;
  private readonly inputs: ProxyInputs;

  constructor(mode: ProxyMode, store: Store) {
    this.mode = mode;
    this.store = store;
    this.inputs = new ProxyInputs(store, NODE.family);
  }

  compile(): Ruleset {
    const { revision } = this.store;
    return this.mode.compile(this.inputs.at(revision, revision), NODE);
  }
}

function walkOnce(ruleset: Ruleset, service: number): void {
  const tuple = {
    protocol: 'TCP',
    src: ip('10.0.0.3'),
    sport: 40_000,
    dst: clusterIP(service),
    dport: 80,
  } as const;
  const packet: Packet = { tuple, kind: 'syn', mark: 0 };
  const ways = waysOf(ruleset, packet);
  if (ways.length < ENDPOINTS - 1) throw new Error(`Service ${service} has too few endpoints`);
}

/** Where the mode chooses: before routing, in INPUT for IPVS, in the socket for eBPF. */
function waysOf(ruleset: Ruleset, packet: Packet): readonly Branch[] {
  if (ruleset.ebpf !== undefined) return balanceSocket([ruleset], packet, CONTEXT) ?? [];
  const [table, hook] =
    ruleset.ipvs === undefined ? (['nat', 'PREROUTING'] as const) : (['filter', 'INPUT'] as const);
  return traverse([ruleset], table, hook, packet, CONTEXT);
}

function storeOf(objects: readonly KubeObject[]): Store {
  const store = new Store();
  for (const object of objects) store.put(object, START, -1);
  return store;
}

function objectsOf(services: number): KubeObject[] {
  const all = Array.from({ length: services }, (_, index) => index);
  return all.flatMap((index) => [serviceOf(index), sliceOf(index, ENDPOINTS)]);
}

function clusterIP(index: number): IP {
  return addressAt(cidr('10.96.0.0/12'), index + 1);
}

function serviceOf(index: number): KubeObject {
  const address = clusterIP(index);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `app-${index}`, namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      clusterIP: address,
      clusterIPs: [address],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      sessionAffinity: 'None',
      selector: { app: `app-${index}` },
      ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8_080 }],
    },
  };
}

/** As the EndpointSlice controller writes it. */
function sliceOf(index: number, endpoints: number): KubeObject {
  const name = `app-${index}`;
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name}-abcde`,
      namespace: 'default',
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': name,
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8_080 }],
    endpoints: Array.from({ length: endpoints }, (_, place) => ({
      addresses: [addressAt(cidr('10.0.0.0/10'), index * ENDPOINTS + place + 256)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `w${(index + place) % 5_000}`,
      targetRef: { kind: 'Pod', namespace: 'default', name: `${name}-7c5ddbdf54-${place}` },
    })),
  };
}
