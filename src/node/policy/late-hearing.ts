// What the agents of single nodes have heard of the API, where they hear later than the others.

import type { Revisions } from './policy-views';

interface Hearing {
  /** What the agent has heard; until its first news arrive, what it knew before them. */
  revisions: Revisions;
  /** The number of those news. */
  heard: number;
  /** The number of the last news that are on their way. */
  sent: number;
}

export class LateHearing {
  private readonly byNode = new Map<string, Hearing>();
  /** News that are on their way, by number. */
  private readonly underWay = new Map<number, Revisions>();
  private sent = 0;

  /** News leave for an agent that knows `before`. Returns the number by which they arrive. */
  leave(node: string, before: Revisions, news: Revisions): number {
    const number = ++this.sent;
    const hearing = this.byNode.get(node) ?? { revisions: before, heard: 0, sent: 0 };
    hearing.sent = number;
    this.byNode.set(node, hearing);
    this.underWay.set(number, news);
    return number;
  }

  /** The news have come. Older ones that come after newer ones tell nothing. */
  arrive(node: string, number: number): void {
    const hearing = this.byNode.get(node);
    const news = this.underWay.get(number);
    this.underWay.delete(number);
    if (hearing === undefined || news === undefined || number < hearing.heard) return;
    hearing.heard = number;
    hearing.revisions = news;
    if (hearing.heard === hearing.sent) this.byNode.delete(node);
  }

  /** The number of the last news for an agent; undefined for one that has heard everything. */
  lastOf(node: string): number | undefined {
    return this.byNode.get(node)?.sent;
  }

  /** What the agent has heard; undefined for one that has heard everything. */
  of(node: string): Revisions | undefined {
    return this.byNode.get(node)?.revisions;
  }
}
