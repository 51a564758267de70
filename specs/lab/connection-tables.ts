// The connection tables of all hosts at one moment, and how one connection is followed through them.

import { reversed, tupleKey } from '../../src/values/flow';
import type { FiveTuple, Protocol } from '../../src/values/flow';
import { ip } from '../../src/values/ip';
import type { TranslatedFlow } from '../../src/values/trace';
import type { Greeting } from './agent-protocol';
import type { ListedConnection } from './conntrack-list';

interface Table {
  readonly byOriginal: ReadonlyMap<string, ListedConnection>;
  readonly byReply: ReadonlyMap<string, ListedConnection>;
}

/** An entry, and the host that holds it. */
export interface HeldConnection {
  readonly node: string;
  readonly connection: ListedConnection;
}

export class ConnectionTables {
  private readonly tables: ReadonlyMap<string, Table>;

  constructor(lists: ReadonlyMap<string, readonly ListedConnection[]>) {
    this.tables = new Map([...lists].map(([node, connections]) => [node, tableOf(connections)]));
  }

  *[Symbol.iterator](): IterableIterator<HeldConnection> {
    for (const [node, { byOriginal }] of this.tables) {
      for (const connection of byOriginal.values()) yield { node, connection };
    }
  }

  /**
   * The entries of one attempt, node by node: those made by the packet as its sender made it, then
   * those by the packet as the first ones let it go on, and so forth.
   */
  entriesOf(sent: FiveTuple): TranslatedFlow[] {
    const found = new Map<string, TranslatedFlow>();
    // `left`: the hosts that the packet has left just as it is now.
    const search = (tuple: FiveTuple, left: readonly string[]): void => {
      const key = tupleKey(tuple);
      for (const [node, { byOriginal }] of this.tables) {
        const connection = byOriginal.get(key);
        // What leaves a host comes to another one next. Its random port may be in use by others.
        if (connection === undefined || left.includes(node) || found.has(`${node} ${key}`))
          continue;
        const { original, reply, unreplied } = connection;
        found.set(`${node} ${key}`, { node, original, reply, unreplied });
        const next = reversed(reply);
        search(next, tupleKey(next) === key ? [...left, node] : [node]);
      }
    };
    search(sent, []);
    return [...found.values()];
  }

  /** The entries of the packets that a server saw: the last ones of an attempt, on any host. */
  entriesTo(
    greeting: Greeting | undefined,
    protocol: Protocol,
  ): Pick<TranslatedFlow, 'node' | 'original'>[] {
    if (greeting === undefined) return [];
    const { address, port: sport, seenAddress, seenPort: dport } = greeting;
    const answer = { protocol, src: ip(address), sport, dst: ip(seenAddress), dport };
    const key = tupleKey(answer);
    return [...this.tables].flatMap(([node, { byReply }]) => {
      const original = byReply.get(key)?.original;
      return original === undefined ? [] : [{ node, original }];
    });
  }

  /** Whether another connection holds the tuple that an entry's answers would have by its own port. */
  hasClash(entries: readonly TranslatedFlow[], sport: number): boolean {
    return entries.some(({ node, original, reply }) => {
      if (original.sport !== sport || reply.dport === sport) return false;
      return this.tables.get(node)!.byReply.has(tupleKey({ ...reply, dport: sport }));
    });
  }
}

function tableOf(connections: readonly ListedConnection[]): Table {
  return {
    byOriginal: new Map(connections.map((it) => [tupleKey(it.original), it])),
    byReply: new Map(connections.map((it) => [tupleKey(it.reply), it])),
  };
}
