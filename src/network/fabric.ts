// What lies between the hosts: who answers to an address of the node network, and which links are
// cut. It forwards nothing by itself; pod addresses mean nothing to it.

import type { Machine } from '../node/machine';
import type { ListenSpec } from '../values/cluster-spec';
import type { IP } from '../values/ip';
import type { Encapsulation } from '../values/packet';

/** A machine outside of the cluster: an address and what listens on it, no rules, no tables. */
export interface ExternalHost {
  readonly external: string;
  readonly address: IP;
  readonly listen: readonly ListenSpec[];
}

export type Host = Machine | ExternalHost;

/** A cut of the link from one host to another, in that direction. */
export interface Cut {
  readonly from: string;
  readonly to: string;
  /** Who cut it. A recovery takes back its own cuts and nobody else's. */
  readonly token: string;
  /** Cuts only the packets in tunnels of this kind, as a firewall on the node network would. */
  readonly only?: Encapsulation['kind'];
}

/** `worker-1`, `external/internet`: the name by which links, hops and responders know a host. */
export function hostName(host: Host): string {
  return 'external' in host ? `external/${host.external}` : host.name;
}

export class Fabric {
  private readonly hosts = new Map<IP, Host>();
  /** By `from → to`; every entry of the list must be healed before packets pass again. */
  private readonly cuts = new Map<string, readonly Cut[]>();

  /** Puts a host on the network under its own addresses. */
  connect(host: Host): void {
    const addresses = 'external' in host ? [host.address] : host.addresses;
    for (const address of addresses) this.hosts.set(address, host);
  }

  hostAt(address: IP): Host | undefined {
    return this.hosts.get(address);
  }

  /** Swallows what goes from one host to the other. The same cut twice counts once. */
  cut(cut: Cut): void {
    const link = linkKey(cut.from, cut.to);
    const standing = this.cuts.get(link) ?? [];
    if (!standing.some((it) => it.token === cut.token && it.only === cut.only)) {
      this.cuts.set(link, [...standing, cut]);
    }
  }

  /** Takes back every cut that was made under `token`. */
  heal(token: string): void {
    for (const [link, cuts] of this.cuts) {
      const left = cuts.filter((cut) => cut.token !== token);
      if (left.length === 0) this.cuts.delete(link);
      else this.cuts.set(link, left);
    }
  }

  /** The cut that swallows a packet on its way from `from` to `to`, if one does. */
  cutOn(from: string, to: string, encapsulation: Encapsulation | undefined): Cut | undefined {
    if (this.cuts.size === 0) return undefined;
    const cuts = this.cuts.get(linkKey(from, to));
    return cuts?.find((cut) => cut.only === undefined || cut.only === encapsulation?.kind);
  }
}

function linkKey(from: string, to: string): string {
  return `${from} → ${to}`;
}
