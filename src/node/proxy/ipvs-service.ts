// What one Service port adds in IPVS mode: virtual servers for everything that clients dial, and
// elements of the ipsets by which the few iptables rules know them.
// source: pkg/proxy/ipvs/proxier.go syncProxyRules, syncEndpoint

import type { IP } from '../../values/ip';
import type {
  NodePortServer,
  RealServer,
  Scheduler,
  VirtualServer,
} from '../netfilter/virtual-server';
import { categorizeEndpoints } from './categorize-endpoints';
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
    const servers = new RealServers(service, endpoints, node);
    return new IpvsServiceBuilder(service, servers, node, nodeAddresses).build();
  });
}

/**
 * The real servers of one Service port, listed when somebody asks for them: a packet meets a few
 * virtual servers, and each of ten thousand has its endpoints.
 */
class RealServers {
  private readonly service: ServicePort;
  private readonly endpoints: readonly Endpoint[];
  private readonly node: ProxyNode;
  /** One list for all virtual servers of a policy, so that equal ones are the same object. */
  private readonly listed = new Map<boolean, readonly RealServer[]>();

  constructor(service: ServicePort, endpoints: readonly Endpoint[], node: ProxyNode) {
    this.service = service;
    this.endpoints = endpoints;
    this.node = node;
  }

  /**
   * Local endpoints where the policy is Local, but all of them where there are none here: unlike
   * in the other modes nothing is dropped. The answer to an outside client then goes past this
   * node. A Service that is only reachable by its clusterIP has no cluster list to fall back to.
   */
  of(isLocal: boolean): readonly RealServer[] {
    const known = this.listed.get(isLocal);
    if (known !== undefined) return known;
    const { cluster, local } = categorizeEndpoints(this.endpoints, this.service, this.node);
    const chosen = isLocal && local.length > 0 ? local : cluster;
    const servers = chosen.map((it) => ({ address: it.ip, port: it.port, weight: 1 }));
    this.listed.set(isLocal, servers);
    return servers;
  }
}

/** Only for SCTP does an ipset hold the addresses of the node itself. */
export function hasNodePortByAddress({ nodePort, id }: ServicePort): boolean {
  return nodePort !== undefined && id.protocol === 'SCTP';
}

class IpvsServiceBuilder {
  private readonly service: ServicePort;
  private readonly servers: RealServers;
  private readonly node: ProxyNode;
  private readonly nodeAddresses: readonly IP[];
  private readonly elements = new Map<IpsetName, string[]>();

  constructor(
    service: ServicePort,
    servers: RealServers,
    node: ProxyNode,
    nodeAddresses: readonly IP[],
  ) {
    this.service = service;
    this.servers = servers;
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

  private serverAt(port: number, isLocal: boolean): NodePortServer {
    const { id, affinitySeconds } = this.service;
    const { servers } = this;
    return {
      protocol: id.protocol,
      port,
      scheduler: (this.node.scheduler ?? 'rr') as Scheduler,
      ...(affinitySeconds !== undefined && { persistence: affinitySeconds }),
      get servers() {
        return servers.of(isLocal);
      },
      comment: servicePortText(id),
    };
  }

  private virtualServer(address: IP, port: number, isLocal: boolean): VirtualServer {
    // The object itself gets the address: a copy would list the servers.
    return Object.assign(this.serverAt(port, isLocal), { address });
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
