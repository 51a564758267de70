// Ports that a Service holds on every node.
// source: pkg/registry/core/service/portallocator/allocator.go

import type { Random } from '../kernel/random';
import { NODE_PORT_MAX, NODE_PORT_MIN } from './kinds/service-validation';

/** min(max(16, size / 32), 128): kept for ports that are asked for by number. */
const STATIC_BAND = 86;

export class NodePortAllocator {
  private readonly random: Random;
  /** Owner (`namespace/name`) by port. A Service may use a number for several protocols. */
  private readonly owners: Map<number, string>;

  constructor(random: Random, owners: Map<number, string> = new Map()) {
    this.random = random;
    this.owners = owners;
  }

  /**
   * A free port for `owner`, or undefined when all are taken. As with addresses, the search begins
   * in the upper band at an offset from a stream of the owner's name.
   */
  allocate(owner: string): number | undefined {
    const band = NODE_PORT_MIN + STATIC_BAND;
    const upper = NODE_PORT_MAX - band + 1;
    const start = band + this.random.stream(`apiserver/nodePort/${owner}`).below(upper);
    const port =
      this.scan(start, NODE_PORT_MAX) ??
      this.scan(band, start - 1) ??
      this.scan(NODE_PORT_MIN, band - 1);
    if (port !== undefined) this.owners.set(port, owner);
    return port;
  }

  /** Takes a port that `owner` asks for by itself. Returns the reason where it cannot. */
  claim(port: number, owner: string): string | undefined {
    const holder = this.owners.get(port);
    if (holder !== undefined && holder !== owner) {
      return `provided port ${port} is already allocated to ${holder}`;
    }
    this.owners.set(port, owner);
    return undefined;
  }

  release(port: number): void {
    this.owners.delete(port);
  }

  fork(random: Random): NodePortAllocator {
    return new NodePortAllocator(random, new Map(this.owners));
  }

  private scan(from: number, to: number): number | undefined {
    for (let port = from; port <= to; port++) if (!this.owners.has(port)) return port;
    return undefined;
  }
}
