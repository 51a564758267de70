// Calico's own addresses: blocks of the pool that nodes claim as they need them, whatever the
// podCIDR of a Node object says.
// source: projectcalico libcalico-go/lib/ipam/{ipam.go,ipam_block.go,ipam_block_reader_writer.go}

import { cidr, sizeOf, subnetAt } from '../../values/cidr';
import type { Cidr } from '../../values/cidr';
import { ipFromNumber } from '../../values/ip';
import type { IP } from '../../values/ip';
import { between } from '../../values/time';
import type { Duration, Instant } from '../../values/time';
import { fnv32 } from './veth-node';

/** Blocks that one node may claim where nothing else is configured. */
const BLOCKS_PER_NODE_MAX = 20;

export interface CalicoIpamOptions {
  /** Length of the blocks of the pool. */
  readonly blockSize: number;
  /** Whether a node may not borrow single addresses out of others' blocks. */
  readonly strictAffinity: boolean;
  readonly now: () => Instant;
  /** How long a block must have been empty before another node may take it over. */
  reclaimAfter(node: string): Duration;
  /** Called when a node has claimed a block, or given one up. */
  onBlock(node: string, range: string, claimed: boolean): void;
}

interface Block {
  readonly range: Cidr;
  node: string;
  /** First in, first out: a released address goes to the end. */
  readonly free: IP[];
  readonly taken: Set<IP>;
  emptySince: Instant;
}

/** One pool of addresses, of one family. */
export class CalicoPool {
  private readonly pool: Cidr;
  private readonly options: CalicoIpamOptions;
  private readonly blocks = new Map<string, Block>();
  private readonly blockOf = new Map<IP, Block>();

  constructor(pool: string, options: CalicoIpamOptions) {
    this.pool = cidr(pool);
    this.options = options;
  }

  /** The ranges of the blocks that a node has claimed. */
  rangesOf(node: string): readonly string[] {
    return this.ownBlocks(node).map(({ range }) => range.text);
  }

  /** Whether the address was borrowed: its block belongs to another node. */
  isBorrowed(address: IP, node: string): boolean {
    const block = this.blockOf.get(address);
    return block !== undefined && block.node !== node;
  }

  /**
   * An address for the node: out of its own blocks, else of a new one, else of an idle one of
   * another node, else borrowed. Undefined where there is none.
   */
  assign(node: string): IP | undefined {
    const own = this.ownBlocks(node).find(({ free }) => free.length > 0);
    const block = own ?? this.claim(node) ?? this.reclaim(node) ?? this.lender(node);
    const address = block?.free.shift();
    if (block === undefined || address === undefined) return undefined;
    block.taken.add(address);
    this.blockOf.set(address, block);
    return address;
  }

  release(address: IP): void {
    const block = this.blockOf.get(address);
    if (block === undefined) return;
    this.blockOf.delete(address);
    block.taken.delete(address);
    block.free.push(address);
    if (block.taken.size === 0) block.emptySince = this.options.now();
  }

  private ownBlocks(node: string): readonly Block[] {
    return [...this.blocks.values()].filter((block) => block.node === node);
  }

  /** The search starts at a place that follows from the node's name and goes round the pool. */
  private claim(node: string): Block | undefined {
    if (this.ownBlocks(node).length >= BLOCKS_PER_NODE_MAX) return undefined;
    const { blockSize } = this.options;
    const count = 2 ** Math.max(0, blockSize - this.pool.prefix);
    const start = fnv32(node) % count;
    for (let tried = 0; tried < count; tried++) {
      const range = subnetAt(this.pool, blockSize, (start + tried) % count);
      if (range === undefined || this.blocks.has(range.text)) continue;
      return this.open(node, range);
    }
    return undefined;
  }

  private open(node: string, range: Cidr): Block {
    const free = Array.from({ length: Number(sizeOf(range)) }, (_, index) =>
      ipFromNumber(range.first + BigInt(index), range.family),
    );
    const block = { range, node, free, taken: new Set<IP>(), emptySince: this.options.now() };
    this.blocks.set(range.text, block);
    this.options.onBlock(node, range.text, true);
    return block;
  }

  private reclaim(node: string): Block | undefined {
    const { now: clock, reclaimAfter } = this.options;
    const now = clock();
    const rest = reclaimAfter(node);
    const idle = [...this.blocks.values()].find(
      (block) => block.taken.size === 0 && between(block.emptySince, now) > rest,
    );
    if (idle === undefined) return undefined;
    this.options.onBlock(idle.node, idle.range.text, false);
    idle.node = node;
    this.options.onBlock(node, idle.range.text, true);
    return idle;
  }

  private lender(node: string): Block | undefined {
    if (this.options.strictAffinity) return undefined;
    return [...this.blocks.values()].find((block) => block.node !== node && block.free.length > 0);
  }
}
