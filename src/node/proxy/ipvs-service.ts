// What one Service port adds in IPVS mode: virtual servers for everything that clients dial, and
// elements of the ipsets by which the few iptables rules know them.
// source: pkg/proxy/ipvs/proxier.go syncProxyRules, syncEndpoint

import { cidr, contains } from '../../values/cidr';
import type { IP } from '../../values/ip';
import type { SetElements } from '../netfilter/ruleset';
import type { NodePortServer, Scheduler, VirtualServer } from '../netfilter/virtual-server';
import { categorizeEndpoints } from './categorize-endpoints';
import type { EndpointCategories } from './categorize-endpoints';
import { servicePortText } from './chain-names';
import type { Endpoint, ProxyNode, ServicePort } from './proxy-mode';
import { allowsNode, nodeKey, ServiceParts } from './ruleset-cache';

/** The ipsets into which Service ports put elements, without the prefix of their family. */
export type IpsetName =
  | 'CLUSTER-IP'
  | 'EXTERNAL-IP'
  | 'EXTERNAL-IP-LOCAL'
  | 'LOAD-BALANCER'
  | 'LOAD-BALANCER-LOCAL'
  | 'LOAD-BALANCER-FW'
  | 'LOAD-BALANCER-SOURCE-CIDR'
  | 'LOAD-BALANCER-SOURCE-IP'
  | 'NODE-PORT-TCP'
  | 'NODE-PORT-LOCAL-TCP'
  | 'NODE-PORT-UDP'
  | 'NODE-PORT-LOCAL-UDP'
  | 'NODE-PORT-SCTP-HASH'
  | 'NODE-PORT-LOCAL-SCTP-HASH'
  | 'HEALTH-CHECK-NODE-PORT';

/** What one Service port adds. */
export interface IpvsServiceRules {
  readonly virtualServers: readonly VirtualServer[];
  /** What stands behind its NodePort, on whatever address of the node. */
  readonly nodePortServer: NodePortServer | undefined;
  /** Addresses of its own, bound to kube-ipvs0. */
  readonly addresses: readonly IP[];
  readonly elements: ReadonlyMap<IpsetName, readonly string[]>;
}

const parts = new ServiceParts<IpvsServiceRules>();

/** The rules of a Service port on a node. The same object for equal input. */
export function ipvsServiceRules(
  service: ServicePort,
  endpoints: readonly Endpoint[],
  node: ProxyNode,
  nodeAddresses: readonly IP[],
): IpvsServiceRules {
  const own = hasNodePortByAddress(service) ? nodeAddresses.join(' ') : '';
  const variant = [own, node.scheduler, node.kubernetes, nodeKey(service, endpoints, node)];
  return parts.of(service, endpoints, variant.join('|'), () => {
    const categories = categorizeEndpoints(endpoints, service, node);
    return new IpvsServiceBuilder(service, categories, node, nodeAddresses).build();
  });
}

/** Only for SCTP does an ipset hold the addresses of the node itself. */
export function hasNodePortByAddress({ nodePort, id }: ServicePort): boolean {
  return nodePort !== undefined && id.protocol === 'SCTP';
}

class IpvsServiceBuilder {
  private readonly service: ServicePort;
  private readonly categories: EndpointCategories;
  private readonly node: ProxyNode;
  private readonly nodeAddresses: readonly IP[];
  private readonly elements = new Map<IpsetName, string[]>();

  constructor(
    service: ServicePort,
    categories: EndpointCategories,
    node: ProxyNode,
    nodeAddresses: readonly IP[],
  ) {
    this.service = service;
    this.categories = categories;
    this.node = node;
    this.nodeAddresses = nodeAddresses;
  }

  build(): IpvsServiceRules {
    const { clusterIP, externalIPs, loadBalancerVIPs, nodePort, port } = this.service;
    const { internalPolicyLocal, externalPolicyLocal } = this.service;
    const outer = [...externalIPs, ...loadBalancerVIPs];
    this.fillSets();
    return {
      virtualServers: [
        this.virtualServer(clusterIP, port, internalPolicyLocal),
        ...outer.map((address) => this.virtualServer(address, port, externalPolicyLocal)),
      ],
      nodePortServer:
        nodePort === undefined ? undefined : this.serverAt(nodePort, externalPolicyLocal),
      addresses: [clusterIP, ...outer],
      elements: this.elements,
    };
  }

  /**
   * Local endpoints where the policy is Local, but all of them where there are none here: unlike
   * in the other modes nothing is dropped. The answer to an outside client then goes past this
   * node. A Service that is only reachable by its clusterIP has no cluster list to fall back to.
   */
  private serverAt(port: number, isLocal: boolean): NodePortServer {
    const { id, affinitySeconds } = this.service;
    const { cluster, local } = this.categories;
    const endpoints = isLocal && local.length > 0 ? local : cluster;
    return {
      protocol: id.protocol,
      port,
      scheduler: (this.node.scheduler ?? 'rr') as Scheduler,
      ...(affinitySeconds !== undefined && { persistence: affinitySeconds }),
      servers: endpoints.map((it) => ({ address: it.ip, port: it.port, weight: 1 })),
      comment: servicePortText(id),
    };
  }

  private virtualServer(address: IP, port: number, isLocal: boolean): VirtualServer {
    return { ...this.serverAt(port, isLocal), address };
  }

  private fillSets(): void {
    const { clusterIP, externalIPs, loadBalancerVIPs, healthCheckNodePort } = this.service;
    const { externalPolicyLocal } = this.service;
    this.add('CLUSTER-IP', this.key(clusterIP));
    for (const address of externalIPs) {
      this.add(externalPolicyLocal ? 'EXTERNAL-IP-LOCAL' : 'EXTERNAL-IP', this.key(address));
    }
    for (const address of loadBalancerVIPs) this.addBalancer(address);
    this.addNodePort();
    if (healthCheckNodePort !== undefined) {
      this.add('HEALTH-CHECK-NODE-PORT', String(healthCheckNodePort));
    }
  }

  private addBalancer(address: IP): void {
    const { service, node } = this;
    const { externalPolicyLocal, loadBalancerSourceRanges } = service;
    const key = this.key(address);
    this.add('LOAD-BALANCER', key);
    if (externalPolicyLocal) this.add('LOAD-BALANCER-LOCAL', key);
    if (loadBalancerSourceRanges.length === 0) return;
    this.add('LOAD-BALANCER-FW', key);
    for (const range of loadBalancerSourceRanges) {
      this.add('LOAD-BALANCER-SOURCE-CIDR', `${key} . ${range}`);
    }
    if (allowsNode(service, node)) this.add('LOAD-BALANCER-SOURCE-IP', `${key} . ${address}`);
  }

  private addNodePort(): void {
    const { nodePort, externalPolicyLocal, id } = this.service;
    if (nodePort === undefined || id.protocol === 'ICMP') return;
    if (id.protocol === 'SCTP') {
      for (const address of this.nodeAddresses) {
        const key = `${address} . sctp . ${nodePort}`;
        this.add('NODE-PORT-SCTP-HASH', key);
        if (externalPolicyLocal) this.add('NODE-PORT-LOCAL-SCTP-HASH', key);
      }
      return;
    }
    this.add(`NODE-PORT-${id.protocol}`, String(nodePort));
    if (externalPolicyLocal) this.add(`NODE-PORT-LOCAL-${id.protocol}`, String(nodePort));
  }

  private add(set: IpsetName, key: string): void {
    const keys = this.elements.get(set);
    if (keys === undefined) this.elements.set(set, [key]);
    else keys.push(key);
  }

  private key(address: IP): string {
    return `${address} . ${this.service.id.protocol.toLowerCase()} . ${this.service.port}`;
  }
}

/** Elements that end in a range: `1.2.3.4 . tcp . 80 . 203.0.113.0/24`. */
export class RangeElements implements SetElements {
  private readonly ranges = new Map<string, string[]>();

  constructor(keys: Iterable<string>) {
    for (const key of keys) {
      const end = key.lastIndexOf(' . ');
      const fixed = key.slice(0, end);
      this.ranges.set(fixed, [...(this.ranges.get(fixed) ?? []), key.slice(end + 3)]);
    }
  }

  has(key: string): boolean {
    const end = key.lastIndexOf(' . ');
    const address = key.slice(end + 3) as IP;
    const ranges = this.ranges.get(key.slice(0, end)) ?? [];
    return ranges.some((range) => contains(cidr(range), address));
  }

  *[Symbol.iterator](): Iterator<string> {
    for (const [fixed, ranges] of this.ranges) {
      for (const range of ranges) yield `${fixed} . ${range}`;
    }
  }
}
