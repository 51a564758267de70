// What lies between the hosts: who answers to an address of the node network, and what is cut or
// bad between whom. It forwards nothing by itself; pod addresses mean nothing to it.

import type { Machine } from '../node/machine';
import type { ListenSpec } from '../values/cluster-spec';
import type { IP } from '../values/ip';
import { Impairments, leastMtu } from './impairments';
import type { Cut, Degradation } from './impairments';

/** A machine outside of the cluster: an address and what listens on it, no rules, no tables. */
export interface ExternalHost {
  readonly external: string;
  readonly address: IP;
  readonly listen: readonly ListenSpec[];
}

export type Host = Machine | ExternalHost;

/** `worker-1`, `external/internet`: the name by which links, hops and responders know a host. */
export function hostName(host: Host): string {
  return 'external' in host ? `external/${host.external}` : host.name;
}

export class Fabric {
  readonly cuts = new Impairments<Cut>();
  readonly degradations = new Impairments<Degradation>();
  private readonly hosts = new Map<IP, Host>();

  /** Puts a host on the network under its own addresses. */
  connect(host: Host): void {
    const addresses = 'external' in host ? [host.address] : host.addresses;
    for (const address of addresses) this.hosts.set(address, host);
  }

  hostAt(address: IP): Host | undefined {
    return this.hosts.get(address);
  }

  /** Whether every packet passes everywhere, and at once. */
  get isPerfect(): boolean {
    return this.cuts.isEmpty && this.degradations.isEmpty;
  }

  /**
   * The largest packet in bytes that passes from one host to another; undefined where no bad link
   * is between them that limits it.
   */
  mtuOf(from: string, to: string): number | undefined {
    if (!this.degradations.has('link')) return undefined;
    const passing = { protocol: 'TCP', port: undefined, leg: 'request' } as const;
    const sighting = { by: [{ host: from }], to: { host: to }, ...passing };
    return leastMtu(this.degradations.at('link', sighting));
  }
}
