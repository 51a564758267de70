// The connection table of one host. A translation is decided once, for the packet that makes the
// entry; every later packet follows the entry, whatever the rules say by then.
// source: net/netfilter/nf_conntrack_core.c

import { noteFleeting } from '../../kernel/readings';
import { tupleKey } from '../../values/flow';
import type { FiveTuple } from '../../values/flow';
import { sortedBy } from '../../values/order';
import type { Instant } from '../../values/time';
import { USUAL_TIMEOUTS } from './conntrack-entry';
import type { ConntrackEntry } from './conntrack-entry';
import { Shortages } from './shortages';
import type { Shortage } from './shortages';

export type { ConntrackEntry } from './conntrack-entry';
export { formatConntrackEntry } from './conntrack-entry';

export interface ConntrackHit {
  readonly entry: ConntrackEntry;
  readonly direction: 'original' | 'reply';
}

/**
 * nf_conntrack_max as kube-proxy sets it on a machine of up to four cores: 32768 for each core,
 * but not fewer than this.
 * source: pkg/proxy/apis/config/v1alpha1/defaults.go (Conntrack.Min);
 * pkg/proxy/conntrack/sysctls.go getConntrackMax
 */
export const CONNTRACK_LIMIT = 131_072;

/** What a packet walk needs of a table. A real one and an overlay offer the same. */
export interface ConnectionTable {
  /**
   * The entry of a packet with this tuple, and which of its two directions the packet runs.
   * Tuples with a random port (`any`) may fit several entries; `flow`, the original tuple of the
   * connection that the packet is known to belong to, chooses among them. Without it the newest
   * entry is taken.
   */
  lookup(tuple: FiveTuple, now: Instant, flow?: FiveTuple): ConntrackHit | undefined;
  /** Adds the entry, in place of the one with the same original tuple. */
  put(entry: ConntrackEntry): void;
  /** Removes the entry with the same original tuple. */
  delete(entry: ConntrackEntry): void;
  /** An upper bound of `count` that costs nothing. */
  readonly size: number;
  /** How many entries stand at `now`. */
  count(now: Instant): number;
  /**
   * Whether a new entry would find no place: its packet is dropped ("table full"). The kernel's
   * search for a half-open entry that could give way (early_drop) is not modelled: it looks at
   * eight of many thousand buckets, and what fills a table here is assured.
   */
  isFull(now: Instant): boolean;
  /** The entries that stand at `now`, ordered by their original tuples. */
  list(now: Instant): ConntrackEntry[];
  /** A view for a walk that may turn out never to have happened. Costs nothing to make. */
  overlay(): ConntrackOverlay;
}

/** On most hosts nobody opens a connection or takes places: to write is to replace these. */
const NO_ENTRIES = Object.freeze(new Map<string, never>()) as Map<string, never>;
const NO_SHORTAGES = Object.freeze(new Shortages()) as Shortages;

/**
 * Entries by both of their tuples. An entry past its time is as good as gone, so what meets one is
 * read from the clock.
 */
export class Conntrack implements ConnectionTable {
  /** nf_conntrack_max as nobody has lowered it: how many entries fit. */
  limit: number;
  /** How long this host remembers what is silent. */
  timeouts = USUAL_TIMEOUTS;
  /** Who fills the table or lowers its limit. */
  private shortages = NO_SHORTAGES;
  private byOriginal: Map<string, ConntrackEntry> = NO_ENTRIES;
  /** By reply tuple, the newest last; more than one only where ports are random. */
  private byReply: Map<string, readonly ConntrackEntry[]> = NO_ENTRIES;

  constructor(limit: number = CONNTRACK_LIMIT) {
    this.limit = limit;
  }

  lookup(tuple: FiveTuple, now: Instant, flow?: FiveTuple): ConntrackHit | undefined {
    // Most questions are asked where no connection has ever been opened.
    if (this.byOriginal.size === 0) return undefined;
    const key = tupleKey(tuple);
    const entry = this.byOriginal.get(key);
    const others = this.byReply.get(key);
    if (entry === undefined && others === undefined) return undefined;
    noteFleeting();
    if (entry !== undefined && entry.expires > now) return { entry, direction: 'original' };
    const wanted = flow && tupleKey(flow);
    const answers = others?.findLast(
      (it) => it.expires > now && (wanted === undefined || tupleKey(it.original) === wanted),
    );
    return answers && { entry: answers, direction: 'reply' };
  }

  put(entry: ConntrackEntry): void {
    if (!this.holds(entry)) this.shortages.take();
    this.delete(entry);
    if (this.byOriginal === NO_ENTRIES) this.byOriginal = new Map();
    if (this.byReply === NO_ENTRIES) this.byReply = new Map();
    this.byOriginal.set(tupleKey(entry.original), entry);
    const reply = tupleKey(entry.reply);
    this.byReply.set(reply, [...(this.byReply.get(reply) ?? []), entry]);
  }

  delete(entry: ConntrackEntry): void {
    const key = tupleKey(entry.original);
    const standing = this.byOriginal.get(key);
    if (standing === undefined) return;
    this.byOriginal.delete(key);
    const reply = tupleKey(standing.reply);
    const others = this.byReply.get(reply)!.filter((it) => it !== standing);
    if (others.length === 0) this.byReply.delete(reply);
    else this.byReply.set(reply, others);
  }

  get size(): number {
    return this.byOriginal.size;
  }

  count(now: Instant): number {
    noteFleeting();
    this.expire(now);
    return this.size;
  }

  isFull(now: Instant): boolean {
    return this.isFullWith(this, 0, now);
  }

  /** The same for a table over this one, which has `fresh` entries that are not here. */
  isFullWith(table: ConnectionTable, fresh: number, now: Instant): boolean {
    const { capacity } = this;
    if (fresh >= this.shortages.left) return true;
    return table.size >= capacity && table.count(now) >= capacity;
  }

  /** nf_conntrack_max as it is now. */
  get capacity(): number {
    return Math.min(this.limit, this.shortages.cap);
  }

  /** Whether an entry of that original tuple is in the table, be it past its time. */
  holds({ original }: ConntrackEntry): boolean {
    return this.byOriginal.has(tupleKey(original));
  }

  /**
   * Somebody else's connections leave so many places, or the limit is lowered to `cap`: until the
   * token is given back, or the table is emptied altogether. Places that become free meanwhile
   * are theirs too.
   */
  fill(token: string, shortage: Shortage): void {
    if (this.shortages === NO_SHORTAGES) this.shortages = new Shortages();
    this.shortages.set(token, shortage);
  }

  relieve(token: string): void {
    this.shortages.end(token);
  }

  list(now: Instant): ConntrackEntry[] {
    if (this.byOriginal.size > 0) noteFleeting();
    const standing = [...this.byOriginal.values()].filter((entry) => entry.expires > now);
    return sortedBy(standing, (entry) => tupleKey(entry.original));
  }

  /** Forgets everything, as a reboot or `conntrack -F` does. */
  flush(): void {
    this.byOriginal = NO_ENTRIES;
    this.byReply = NO_ENTRIES;
    this.shortages = NO_SHORTAGES;
  }

  overlay(): ConntrackOverlay {
    return new ConntrackOverlay(this, this);
  }

  private expire(now: Instant): void {
    for (const entry of this.byOriginal.values()) {
      if (entry.expires <= now) this.delete(entry);
    }
  }
}

/** What an overlay holds about one entry: that it stands, or that it stands no longer. */
interface OverlayRecord {
  readonly entry: ConntrackEntry;
  readonly deleted: boolean;
}

/**
 * A table that shows another one and keeps for itself what is written to it, so that a
 * hypothetical walk changes nothing. It is dropped afterwards, or committed to its base.
 */
export class ConntrackOverlay implements ConnectionTable {
  private readonly base: ConnectionTable;
  /** The real table at the bottom. */
  private readonly root: Conntrack;
  /** What was written here, by original tuple. */
  private readonly own = new Map<string, OverlayRecord>();

  constructor(base: ConnectionTable, root: Conntrack) {
    this.base = base;
    this.root = root;
  }

  lookup(tuple: FiveTuple, now: Instant, flow?: FiveTuple): ConntrackHit | undefined {
    if (this.own.size === 0) return this.base.lookup(tuple, now, flow);
    const key = tupleKey(tuple);
    const wanted = flow && tupleKey(flow);
    let answers: ConntrackEntry | undefined;
    for (const [original, { entry, deleted }] of this.own) {
      if (deleted || entry.expires <= now) continue;
      if (original === key) return { entry, direction: 'original' };
      if (wanted !== undefined && original !== wanted) continue;
      if (tupleKey(entry.reply) === key) answers = entry;
    }
    if (answers !== undefined) return { entry: answers, direction: 'reply' };
    const below = this.base.lookup(tuple, now, flow);
    return below === undefined || this.own.has(tupleKey(below.entry.original)) ? undefined : below;
  }

  put(entry: ConntrackEntry): void {
    this.record({ entry, deleted: false });
  }

  delete(entry: ConntrackEntry): void {
    this.record({ entry, deleted: true });
  }

  get size(): number {
    return this.base.size + this.own.size;
  }

  count(now: Instant): number {
    let count = this.base.count(now);
    for (const { entry, deleted } of this.own.values()) {
      const stands = !deleted && entry.expires > now;
      const stood = this.base.lookup(entry.original, now)?.direction === 'original';
      count += Number(stands) - Number(stood);
    }
    return count;
  }

  isFull(now: Instant): boolean {
    return this.root.isFullWith(this, this.fresh(), now);
  }

  /** How many entries stand here that the real table does not have. */
  fresh(): number {
    const below = this.base instanceof ConntrackOverlay ? this.base.fresh() : 0;
    let own = 0;
    for (const { entry, deleted } of this.own.values()) {
      if (!deleted && !this.root.holds(entry)) own++;
    }
    return below + own;
  }

  list(now: Instant): ConntrackEntry[] {
    const below = this.base.list(now).filter((entry) => !this.own.has(tupleKey(entry.original)));
    const own = [...this.own.values()].filter((it) => !it.deleted && it.entry.expires > now);
    const all = [...below, ...own.map(({ entry }) => entry)];
    return sortedBy(all, (entry) => tupleKey(entry.original));
  }

  overlay(): ConntrackOverlay {
    return new ConntrackOverlay(this, this.root);
  }

  /** Writes to the base what was written here. */
  commit(): void {
    for (const { entry, deleted } of this.own.values()) {
      if (deleted) this.base.delete(entry);
      else this.base.put(entry);
    }
    this.own.clear();
  }

  private record(record: OverlayRecord): void {
    const key = tupleKey(record.entry.original);
    this.own.delete(key);
    this.own.set(key, record);
  }
}
