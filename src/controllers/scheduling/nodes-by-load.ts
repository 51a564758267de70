// The nodes as the scheduler goes through them: those with the fewest pods first, and among equals
// those that came first. It keeps them in this order, so that a pod finds its node without a look
// at all of them; and what it counts, in lists of numbers by the numbers of the nodes, so that a
// pod of many thousands touches no object of its node at all.

import type { Node } from '../../apiserver/kinds/node';
import { Bitset } from '../../values/bitset';
import { LateMap } from '../../values/late-map';
import { isGuarded } from './demands';
import type { Demands } from './demands';
import { HostPorts } from './host-ports';
import { Spread } from './spread';

/** KubeletConfiguration maxPods, where the node does not say. */
const MAX_PODS = 110;

/** Of pods without an owner: they are nobody's. */
const NOWHERE = Object.freeze(new Spread()) as Spread;

export class NodesByLoad {
  /** Nodes that came earlier have lower numbers. */
  private readonly numbers = new Map<string, number>();
  /** By their numbers; undefined where a node is gone. */
  private readonly nodes: (Node | undefined)[] = [];
  private readonly names: string[] = [];
  /** How many pods count on each, and how many it takes at the most. */
  private readonly pods: number[] = [];
  private readonly most: number[] = [];
  /** Nodes that keep pods away by themselves. */
  private readonly guarded = new Bitset();
  /** Few pods ever hold a port of their node. */
  private readonly hostPorts = new LateMap<number, HostPorts>();
  /** By how many pods they have: the numbers of the nodes. */
  private readonly shelves: Bitset[] = [];
  /** Shelves below this one are empty: in a full cluster that is nearly all of them. */
  private lowest = 0;
  /** What stands on that one has no number below this. */
  private first = 0;
  private readonly spreads = new Map<string, Spread>();

  get size(): number {
    return this.numbers.size;
  }

  numberOf(name: string): number | undefined {
    return this.numbers.get(name);
  }

  nameOf(number: number): string {
    return this.names[number]!;
  }

  /** How many pods count on a node. */
  podsOn(number: number): number {
    return this.pods[number]!;
  }

  /** The numbers of all of them in the order in which they came. */
  inOrder(): Iterable<number> {
    return this.numbers.values();
  }

  /** Where the pods of an owner are. */
  spreadOf(owner: string): Spread {
    return this.spreads.get(owner) ?? NOWHERE;
  }

  /**
   * The first on which a pod can run that has none of its owner, of those with the fewest pods,
   * then of those with more; undefined where there is none.
   */
  firstOfLeast(demands: Demands): number | undefined {
    const { shelves } = this;
    const spread = this.spreadOf(demands.owner);
    for (let height = this.lowest; height < shelves.length; height++) {
      const shelf = shelves[height]!;
      let at = shelf.next(height === this.lowest ? this.first : 0);
      if (height === this.lowest) this.first = Math.max(0, at);
      if (at < 0 && height === this.lowest) this.lowest++;
      for (; at >= 0; at = shelf.next(at + 1)) {
        if (!spread.has(at) && this.whyNot(at, demands) === undefined) return at;
      }
    }
    return undefined;
  }

  /** Why a pod cannot run there, in the words of the scheduler; undefined where it can. */
  whyNot(number: number, demands: Demands): string | undefined {
    if (!demands.areModest || this.guarded.has(number)) {
      const reason = demands.whyNever(this.nodes[number]!);
      if (reason !== undefined) return reason;
    }
    if (this.pods[number]! >= this.most[number]!) return 'Too many pods';
    const { hostPorts } = demands;
    if (hostPorts.length > 0 && this.hostPorts.get(number)?.conflictWith(hostPorts) === true) {
      return "node(s) didn't have free ports for the requested pod ports";
    }
    return undefined;
  }

  /** A node has come, or is another than it was. */
  put(node: Node): void {
    const { name } = node.metadata;
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.nodes.length;
      this.numbers.set(name, number);
      this.names.push(name);
      this.pods.push(0);
      this.enter(number, 0);
    }
    this.nodes[number] = node;
    this.most[number] = Number(node.status?.allocatable?.['pods'] ?? MAX_PODS);
    if (isGuarded(node)) this.guarded.add(number);
    else this.guarded.delete(number);
  }

  delete(name: string): void {
    const number = this.numbers.get(name);
    if (number === undefined) return;
    this.numbers.delete(name);
    this.nodes[number] = undefined;
    this.shelfAt(this.pods[number]!).delete(number);
  }

  clear(): void {
    this.numbers.clear();
    for (const list of [this.nodes, this.names, this.pods, this.most]) list.length = 0;
    this.hostPorts.clear();
    this.shelves.length = 0;
    this.lowest = 0;
    this.first = 0;
    this.spreads.clear();
  }

  /** One pod more counts on a node, or one less. */
  count(number: number, { owner, hostPorts }: Demands, by: 1 | -1): void {
    const pods = this.pods[number]!;
    this.shelfAt(pods).delete(number);
    this.pods[number] = pods + by;
    this.enter(number, pods + by);
    if (hostPorts.length > 0) this.portsOn(number).count(hostPorts, by);
    if (owner === '') return;
    let spread = this.spreads.get(owner);
    if (spread === undefined) this.spreads.set(owner, (spread = new Spread()));
    spread.add(number, by);
  }

  private portsOn(number: number): HostPorts {
    let ports = this.hostPorts.get(number);
    if (ports === undefined) this.hostPorts.set(number, (ports = new HostPorts()));
    return ports;
  }

  private enter(number: number, pods: number): void {
    const height = Math.max(0, pods);
    this.shelfAt(pods).add(number);
    if (height < this.lowest || (height === this.lowest && number < this.first)) {
      this.first = number;
      this.lowest = height;
    }
  }

  /** A pod that was gone before its node came is taken away without ever having been counted. */
  private shelfAt(pods: number): Bitset {
    const { shelves } = this;
    const height = Math.max(0, pods);
    while (shelves.length <= height) shelves.push(new Bitset());
    return shelves[height]!;
  }
}
