// How many pods of one owner there are on each node, by the number of the node. There are as many
// of these as there are owners, and most owners have few pods, on nodes that came one after the
// other: 32 nodes are one word, and the word that was written last lies open.

import { LateMap } from '../../values/late-map';

export class Spread {
  /** The place of the open word, and which of its nodes have any pod. */
  private place = 0;
  private some = 0;
  /** The other words by their places. */
  private others: Map<number, number> | undefined;
  /** By the number of the node, where there is more than one: most owners have no such node. */
  private more: LateMap<number, number> | undefined;

  has(node: number): boolean {
    const place = node >>> 5;
    const word = place === this.place ? this.some : this.others?.get(place);
    return word !== undefined && (word & (1 << (node & 31))) !== 0;
  }

  get(node: number): number {
    return this.has(node) ? (this.more?.get(node) ?? 1) : 0;
  }

  add(node: number, by: 1 | -1): void {
    const count = this.get(node) + by;
    this.open(node >>> 5);
    if (count === 0) this.some &= ~(1 << (node & 31));
    else this.some |= 1 << (node & 31);
    if (count === 1 || count === 0) this.more?.delete(node);
    else (this.more ??= new LateMap()).set(node, count);
  }

  private open(place: number): void {
    if (place === this.place) return;
    if (this.some !== 0 || this.others !== undefined) {
      this.others ??= new Map();
      this.others.set(this.place, this.some);
    }
    this.some = this.others?.get(place) ?? 0;
    this.place = place;
  }
}
