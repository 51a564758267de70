// The nodes as the scheduler goes through them: those with the fewest pods first, and among equals
// those that came first. It keeps them in this order, so that a pod finds its node without a look
// at all of them.

import type { Node } from '../../apiserver/kinds/node';
import type { Pod } from '../../apiserver/kinds/pod';
import { Bitset } from '../../values/bitset';
import { LateMap } from '../../values/late-map';
import { NodeLoad } from './node-load';

/** How many pods of one owner there are on each node, by the number of the node. */
export class Spread {
  /** Nodes that have any: most owners have no two pods on one node. */
  private readonly some = new Bitset();
  /** By the number of the node, where there is more than one. */
  private readonly more = new LateMap<number, number>();

  has(node: number): boolean {
    return this.some.has(node);
  }

  get(node: number): number {
    return this.some.has(node) ? (this.more.get(node) ?? 1) : 0;
  }

  add(node: number, by: 1 | -1): void {
    const count = this.get(node) + by;
    if (count === 0) this.some.delete(node);
    else this.some.add(node);
    if (count === 1 || count === 0) this.more.delete(node);
    else this.more.set(node, count);
  }
}

/** Of pods without an owner: they are nobody's. */
const NOWHERE = Object.freeze(new Spread()) as Spread;

export class NodesByLoad {
  private readonly byName = new Map<string, NodeLoad>();
  /** By their numbers; none where a node is gone. */
  private readonly byNumber: (NodeLoad | undefined)[] = [];
  /** By how many pods they have: the numbers of the nodes. */
  private readonly shelves: Bitset[] = [];
  /** Shelves below this one are empty: in a full cluster that is nearly all of them. */
  private lowest = 0;
  private readonly spreads = new Map<string, Spread>();

  get size(): number {
    return this.byName.size;
  }

  get(name: string): NodeLoad | undefined {
    return this.byName.get(name);
  }

  /** All of them in the order in which they came. */
  inOrder(): Iterable<NodeLoad> {
    return this.byName.values();
  }

  /** Where the pods of an owner are. */
  spreadOf(owner: string): Spread {
    return this.spreads.get(owner) ?? NOWHERE;
  }

  /** The first that suits, of those with the fewest pods, then of those with more. */
  firstOfLeast(suits: (load: NodeLoad) => boolean): NodeLoad | undefined {
    const { shelves } = this;
    for (let height = this.lowest; height < shelves.length; height++) {
      const shelf = shelves[height]!;
      const first = shelf.next(0);
      if (first < 0 && height === this.lowest) this.lowest++;
      for (let at = first; at >= 0; at = shelf.next(at + 1)) {
        const load = this.byNumber[at]!;
        if (suits(load)) return load;
      }
    }
    return undefined;
  }

  put(node: Node): void {
    const load = new NodeLoad(node, this.byNumber.length);
    this.byNumber.push(load);
    this.byName.set(node.metadata.name, load);
    this.enter(load);
  }

  delete(name: string): void {
    const load = this.byName.get(name);
    if (load === undefined) return;
    this.byName.delete(name);
    this.byNumber[load.came] = undefined;
    this.shelfOf(load).delete(load.came);
  }

  clear(): void {
    this.byName.clear();
    this.byNumber.length = 0;
    this.shelves.length = 0;
    this.lowest = 0;
    this.spreads.clear();
  }

  add(name: string, pod: Pod, owner: string): void {
    this.count(name, pod, owner, 1);
  }

  remove(name: string, pod: Pod, owner: string): void {
    this.count(name, pod, owner, -1);
  }

  private count(name: string, pod: Pod, owner: string, by: 1 | -1): void {
    const load = this.byName.get(name);
    if (load === undefined) return;
    const { came } = load;
    this.shelfOf(load).delete(came);
    load.count(pod, by);
    this.enter(load);
    if (owner === '') return;
    let spread = this.spreads.get(owner);
    if (spread === undefined) this.spreads.set(owner, (spread = new Spread()));
    spread.add(came, by);
  }

  private enter(load: NodeLoad): void {
    this.shelfOf(load).add(load.came);
    this.lowest = Math.min(this.lowest, Math.max(0, load.pods));
  }

  /** A pod that was gone before its node came is taken away without ever having been counted. */
  private shelfOf({ pods }: NodeLoad): Bitset {
    const { shelves } = this;
    const height = Math.max(0, pods);
    while (shelves.length <= height) shelves.push(new Bitset());
    return shelves[height]!;
  }
}
