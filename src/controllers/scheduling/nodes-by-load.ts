// The nodes as the scheduler goes through them: those with the fewest pods first, and among equals
// those that came first. It keeps them in this order, so that a pod finds its node without a look
// at all of them.

import type { Node } from '../../apiserver/kinds/node';
import type { Pod } from '../../apiserver/kinds/pod';
import { NodeLoad } from './node-load';

export class NodesByLoad {
  private readonly byName = new Map<string, NodeLoad>();
  /** By how many pods they have; each list in the order in which its nodes came. */
  private readonly shelves: NodeLoad[][] = [];
  private came = 0;

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

  /** The first that suits, of those with the fewest pods, then of those with more. */
  firstOfLeast(suits: (load: NodeLoad) => boolean): NodeLoad | undefined {
    for (const shelf of this.shelves) {
      for (const load of shelf) if (suits(load)) return load;
    }
    return undefined;
  }

  put(node: Node): void {
    const load = new NodeLoad(node, this.came++);
    this.byName.set(node.metadata.name, load);
    this.shelve(load);
  }

  delete(name: string): void {
    const load = this.byName.get(name);
    if (load === undefined) return;
    this.byName.delete(name);
    this.unshelve(load);
  }

  clear(): void {
    this.byName.clear();
    this.shelves.length = 0;
  }

  add(name: string, pod: Pod, owner: string): void {
    this.count(name, (load) => load.add(pod, owner));
  }

  remove(name: string, pod: Pod, owner: string): void {
    this.count(name, (load) => load.remove(pod, owner));
  }

  private count(name: string, change: (load: NodeLoad) => void): void {
    const load = this.byName.get(name);
    if (load === undefined) return;
    this.unshelve(load);
    change(load);
    this.shelve(load);
  }

  private shelve(load: NodeLoad): void {
    const { shelves } = this;
    while (shelves.length <= load.pods || shelves.length === 0) shelves.push([]);
    const shelf = shelves[shelfOf(load)]!;
    shelf.splice(placeOf(load, shelf), 0, load);
  }

  private unshelve(load: NodeLoad): void {
    const shelf = this.shelves[shelfOf(load)]!;
    shelf.splice(placeOf(load, shelf), 1);
  }
}

/** A pod that was gone before its node came is taken away without ever having been counted. */
function shelfOf({ pods }: NodeLoad): number {
  return Math.max(0, pods);
}

/** Where a node stands in a list, or would stand. */
function placeOf({ came }: NodeLoad, shelf: readonly NodeLoad[]): number {
  let low = 0;
  let high = shelf.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shelf[middle]!.came < came) low = middle + 1;
    else high = middle;
  }
  return low;
}
