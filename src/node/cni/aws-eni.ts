// The network interfaces of one EC2 instance and the addresses of the VPC on them, as the plug-in
// keeps them warm: an address that is on an interface already is a pod's at once, another
// interface takes seconds.
// source: aws/amazon-vpc-cni-k8s pkg/ipamd/{ipamd.go,datastore/data_store.go}

import type { IP } from '../../values/ip';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

/** What an instance type has room for. source: amazon-vpc-cni-k8s misc/eni-max-pods.txt */
export const INSTANCE_TYPES: Readonly<Record<string, EniLimits>> = {
  'm5.large': { enis: 3, addresses: 10 },
  't3.nano': { enis: 2, addresses: 2 },
  't3.micro': { enis: 2, addresses: 2 },
  't3.small': { enis: 3, addresses: 4 },
  't3.medium': { enis: 3, addresses: 6 },
  't3.large': { enis: 3, addresses: 12 },
  'c5.large': { enis: 3, addresses: 10 },
  'm5.xlarge': { enis: 4, addresses: 15 },
};

export interface EniLimits {
  readonly enis: number;
  /** Per interface, its own primary one included. */
  readonly addresses: number;
}

interface Eni {
  readonly readyAt: Instant;
  readonly addresses: readonly IP[];
}

/** What the interfaces of all nodes share. */
export interface EniGround {
  readonly limits: EniLimits;
  /** WARM_ENI_TARGET: how many interfaces without a pod are kept. */
  readonly warmEnis: number;
  now(): Instant;
  /** How long creating and attaching an interface takes. */
  attaching(node: string): Duration;
  /** How long a released address rests before it is given out again. */
  cooling(node: string): Duration;
  /** Free addresses of the subnet; fewer where it has no more. */
  take(count: number): readonly IP[];
  /** Called for every address that comes to the instance. */
  onAddress(node: string, address: IP): void;
}

/** The addresses of one node. */
export class EniPool {
  private readonly node: string;
  private readonly ground: EniGround;
  private readonly enis: Eni[] = [];
  private readonly owner = new Map<IP, string>();
  private readonly restsUntil = new Map<IP, Instant>();

  constructor(node: string, ground: EniGround) {
    this.node = node;
    this.ground = ground;
    // What an instance starts with is there when it joins the cluster.
    this.attachEni(ground.now());
    for (let warm = 0; warm < ground.warmEnis; warm++) this.attachEni(ground.now());
  }

  /** Every address that has come to the instance. */
  get addresses(): readonly IP[] {
    return this.enis.flatMap(({ addresses }) => addresses);
  }

  /** The address for a pod; undefined where none is free now. Asks for more in time. */
  assign(id: string): IP | undefined {
    const now = this.ground.now();
    const address = this.free(now)[0];
    if (address !== undefined) this.owner.set(address, id);
    this.keepWarm(now);
    return address;
  }

  release(address: IP): void {
    if (!this.owner.delete(address)) return;
    this.restsUntil.set(address, later(this.ground.now(), this.ground.cooling(this.node)));
  }

  private free(now: Instant): readonly IP[] {
    return this.enis
      .filter(({ readyAt }) => readyAt <= now)
      .flatMap(({ addresses }) => addresses)
      .filter((it) => !this.owner.has(it) && (this.restsUntil.get(it) ?? now) <= now);
  }

  /** Another interface, where fewer addresses are unused than the warm ones have. */
  private keepWarm(now: Instant): void {
    const { limits, warmEnis } = this.ground;
    const all = this.enis.reduce((sum, { addresses }) => sum + addresses.length, 0);
    const unused = all - this.owner.size;
    if (unused < warmEnis * (limits.addresses - 1))
      this.attachEni(later(now, this.ground.attaching(this.node)));
  }

  private attachEni(readyAt: Instant): void {
    const { limits } = this.ground;
    if (this.enis.length >= limits.enis) return;
    // The primary address of an interface is no pod's.
    const addresses = this.ground.take(limits.addresses).slice(1);
    if (addresses.length === 0) return;
    this.enis.push({ readyAt, addresses });
    for (const address of addresses) this.ground.onAddress(this.node, address);
  }
}
