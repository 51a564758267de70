// What stands between clients outside and the nodes: it follows the Services of type LoadBalancer
// that have an address, and keeps the network told of the nodes that take their packets.

import type { ApiServer } from '../../apiserver/api-server';
import { SERVICE_NAME_LABEL } from '../../apiserver/kinds/endpointslice';
import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import type { Node } from '../../apiserver/kinds/node';
import type { Service } from '../../apiserver/kinds/service';
import type { Change, Informer } from '../../apiserver/informer';
import { isServed } from '../../controllers/load-balancers/service-load-balancer';
import { providerOf } from '../../controllers/load-balancers/load-balancer-provider';
import type { Provider } from '../../controllers/load-balancers/load-balancer-provider';
import type { Kernel } from '../../kernel/kernel';
import type { Announcement, Network } from '../../network/index';
import type { Timing } from '../../timing';
import type { ClusterSpec } from '../../values/cluster-spec';
import { parseIp } from '../../values/ip';
import type { IP } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { CLOUD, CloudTargets } from './cloud-targets';
import { MetalLbSpeakers } from './metallb-speakers';
import type { Proxies } from '../proxies';

export interface EdgeContext {
  readonly spec: ClusterSpec;
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly timing: Timing;
  readonly network: Network;
  readonly proxies: Proxies;
  readonly touch: () => void;
}

/** What the edge knows of one Service. */
export interface EdgeService {
  readonly key: ObjectKey;
  readonly service: Service;
  readonly addresses: readonly IP[];
  readonly slices: readonly EndpointSlice[];
}

/** Who takes the packets of one address now, and why there is nobody. */
export type Choice = Pick<Announcement, 'nodes' | 'absence' | 'announcers' | 'neighbours'>;

/** Who chooses the nodes: the health checks of a cloud, or the speakers of MetalLB. */
export interface NodeChoice {
  choose(service: EdgeService, address: IP): Choice;
  /** Something that may matter has changed about a node or, undefined, about all of them. */
  nodeChanged(node: string | undefined): void;
  /** A Service has changed, or its endpoints. */
  serviceChanged(key: ObjectKey): void;
  /** Links were cut, degraded or mended; `isServing`: whether there is any Service. */
  networkChanged(isServing: boolean): void;
  /** The Service is gone from the edge. */
  forget(key: ObjectKey): void;
  /** Everything has been as it is for long. */
  settle(): void;
}

/** What a choice is made from. */
export interface ChoiceGround extends EdgeContext {
  readonly provider: Provider;
  /** Nodes of the API as the provider has seen them. */
  nodes(): Iterable<Node>;
  services(): Iterable<EdgeService>;
  /** Chooses anew for one Service, or for all. */
  refresh(key?: ObjectKey): void;
}

/** The edge of a cluster; undefined where nobody provides load balancers. */
export function createEdge(context: EdgeContext): Edge | undefined {
  const provider = providerOf(context.spec);
  return provider && new Edge(context, provider);
}

export class Edge {
  private readonly context: EdgeContext;
  private readonly provider: Provider;
  private readonly choice: NodeChoice;
  private readonly nodes: Informer;
  /** Nodes without power. */
  private readonly dark = new Set<string>();
  private readonly known = new Map<ObjectKey, Service>();
  private readonly slices = new Map<ObjectKey, Map<ObjectKey, EndpointSlice>>();

  constructor(context: EdgeContext, provider: Provider) {
    const { api } = context;
    this.context = context;
    this.provider = provider;
    const ground: ChoiceGround = {
      ...context,
      provider,
      nodes: () => this.nodes.list() as Iterable<Node>,
      services: () => this.services(),
      refresh: (key) => this.refresh(key),
    };
    const isCloud = provider.name === 'cloud';
    this.choice = isCloud ? new CloudTargets(ground) : new MetalLbSpeakers(ground);
    const owner = isCloud ? 'cloud-load-balancer' : 'metallb/speaker';
    const watch = (kind: string, onChange: (change: Change) => void): Informer =>
      api.informer({ kind, owner, onChange });
    this.nodes = watch('Node', ({ key }) => this.choice.nodeChanged(key));
    watch('Service', (change) => this.onService(change));
    watch('EndpointSlice', (change) => this.onSlice(change));
  }

  /** Something has happened on the node; only its power is of interest here. */
  powerMayHaveChanged(node: string): void {
    const isPowered = this.context.network.machines.get(node)?.powered === true;
    if (isPowered !== this.dark.has(node)) return;
    if (isPowered) this.dark.delete(node);
    else this.dark.add(node);
    this.nodeChanged(node);
  }

  /** The rules of a node have changed, or whether its kube-proxy runs. */
  nodeChanged(node: string): void {
    if (this.known.size > 0) this.choice.nodeChanged(node);
  }

  /** Something between the nodes and the outside was cut, degraded or mended. */
  networkChanged(): void {
    this.choice.networkChanged(this.known.size > 0);
  }

  settle(): void {
    this.choice.settle();
    this.refresh();
  }

  private onService({ key, before, after }: Change): void {
    const service = after as Service | undefined;
    const addresses = new Set(service === undefined ? [] : addressesOf(service, this.provider));
    for (const address of before === undefined
      ? []
      : addressesOf(before as Service, this.provider)) {
      if (!addresses.has(address)) this.context.network.balancers.withdraw(address);
    }
    if (service !== undefined && addresses.size > 0) {
      this.known.set(key, service);
    } else {
      this.known.delete(key);
      this.choice.forget(key);
    }
    this.choice.serviceChanged(key);
  }

  private onSlice({ key, before, after }: Change): void {
    const service = serviceOf(after ?? before!);
    if (service === undefined) return;
    const slices = this.slices.get(service) ?? new Map<ObjectKey, EndpointSlice>();
    this.slices.set(service, slices);
    if (after === undefined) slices.delete(key);
    else slices.set(key, after as EndpointSlice);
    if (this.known.has(service)) this.choice.serviceChanged(service);
  }

  private *services(): IterableIterator<EdgeService> {
    for (const [key, service] of this.known) yield this.describe(key, service);
  }

  private describe(key: ObjectKey, service: Service): EdgeService {
    const slices = [...(this.slices.get(key)?.values() ?? [])];
    return { key, service, addresses: addressesOf(service, this.provider), slices };
  }

  private refresh(only?: ObjectKey): void {
    const { network, touch, kernel } = this.context;
    for (const described of this.services()) {
      if (only !== undefined && described.key !== only) continue;
      for (const address of described.addresses) {
        const before = network.balancers.at(address);
        const announcement = this.announcementOf(described, address);
        if (JSON.stringify(before) === JSON.stringify(announcement)) continue;
        network.balancers.announce(announcement);
        const what = `${address} → ${targetsText(announcement)}`;
        kernel.note(announcement.by, 'announces', `Service/${described.key}`, what);
        touch();
      }
    }
  }

  private announcementOf(described: EdgeService, address: IP): Announcement {
    const { delivery, name } = this.provider;
    const HOW = { 'node-port': 'forward', 'pass-through': 'pass', proxy: 'proxy' } as const;
    return {
      address,
      by: NAMES[name],
      ...this.choice.choose(described, address),
      how: HOW[delivery],
      ports: (described.service.spec.ports ?? []).map(({ port, protocol = 'TCP', nodePort }) => {
        return { port, protocol, nodePort };
      }),
      rehashes: name === 'metallb-bgp',
    };
  }
}

/** `worker-2`; `worker-2 and worker-3; hosts send to worker-3, external/internet to worker-2`. */
function targetsText({ nodes, absence, announcers = [], neighbours = {} }: Announcement): string {
  if (nodes.length === 0) return `nobody: ${absence}`;
  const held = nodes.join(', ');
  if (announcers.length < 2) return held;
  const others = Object.entries(neighbours).map(([host, node]) => `, ${host} to ${node}`);
  return `${announcers.join(' and ')}; hosts send to ${held}${others.join('')}`;
}

/** As traces and the journal name who takes packets from outside. */
const NAMES: Readonly<Record<Provider['name'], string>> = {
  cloud: CLOUD,
  'metallb-layer2': 'MetalLB (layer 2)',
  'metallb-bgp': 'MetalLB (BGP)',
};

function addressesOf(service: Service, provider: Provider): IP[] {
  if (!isServed(service, provider)) return [];
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  return ingress.flatMap(({ ip }) => parseIp(ip ?? '') ?? []);
}

function serviceOf(slice: KubeObject): ObjectKey | undefined {
  const name = slice.metadata.labels?.[SERVICE_NAME_LABEL];
  return name && keyOf({ ...slice, metadata: { ...slice.metadata, name } });
}
