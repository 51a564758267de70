// The connections that pods of a node make to themselves through a Service, as nft mode knows them
// since 1.36: only those of endpoints on the node that translates. A pod that dials the NodePort
// of another node and is sent back to itself is not among them, and its connection fails.
// source: pkg/proxy/nftables/proxier.go (hairpin-connections), kubernetes commit 5cffb4d1f6

import type { NamedSet, SetElements } from '../netfilter/ruleset';
import { categorizeEndpoints } from './categorize-endpoints';
import type { ProxyInput, ProxyNode } from './proxy-mode';

export function hairpinConnections(input: ProxyInput, node: ProxyNode): NamedSet {
  return {
    name: 'hairpin-connections',
    fields: ['source', 'destination', 'protocol', 'destination-port'],
    elements: new HairpinConnections(input, node),
    comment: 'service hairpin connections',
  };
}

/**
 * `10.244.1.5 . 10.244.1.5 . tcp . 8080` for each endpoint here. It is written down when somebody
 * asks about a packet from an address to itself; hardly any packet is one.
 */
class HairpinConnections implements SetElements {
  private readonly input: ProxyInput;
  private readonly node: ProxyNode;
  private listed: ReadonlySet<string> | undefined;

  constructor(input: ProxyInput, node: ProxyNode) {
    this.input = input;
    this.node = node;
  }

  has(key: string): boolean {
    const [source, destination] = key.split(' . ', 2);
    return source === destination && this.list().has(key);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.list()[Symbol.iterator]();
  }

  private list(): ReadonlySet<string> {
    this.listed ??= new Set(this.keys());
    return this.listed;
  }

  private *keys(): Iterable<string> {
    const { input, node } = this;
    for (const [key, service] of input.servicePorts) {
      const here = (input.endpoints.get(key) ?? []).filter((it) => it.nodeName === node.name);
      if (here.length === 0) continue;
      const { all } = categorizeEndpoints(input.endpoints.get(key)!, service, node);
      const protocol = service.id.protocol.toLowerCase();
      for (const endpoint of all) {
        if (endpoint.nodeName !== node.name) continue;
        yield `${endpoint.ip} . ${endpoint.ip} . ${protocol} . ${endpoint.port}`;
      }
    }
  }
}
