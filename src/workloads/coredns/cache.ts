// The cache plugin: answers that were given before. Its clock counts whole seconds.
// source: coredns plugin/cache/{cache,handler,item}.go
//
// Questions that nobody really asks find the cache as it is and leave it so.

import { deepFreeze } from '../../values/kube-object';
import type { Instant } from '../../values/time';
import { seconds } from '../../values/time';
import { isSameName, isWithin, recordsOf, zoneOf } from '../dns-message';
import type { DnsReply, Question, ResourceRecord } from '../dns-message';
import { readCache } from './cache-options';
import type { CacheOptions } from './cache-options';
import { leave } from './plugin';
import type { DnsRequest, Plugin, Serve, Setup } from './plugin';

/** What a reply is to the cache. `other` is not kept. */
type Kind = 'success' | 'denial' | 'failure' | 'other';

interface Item {
  readonly reply: DnsReply;
  /** Seconds. */
  readonly ttl: number;
  readonly stored: Instant;
  hits: number;
  lastHit: Instant;
}

/** Seconds that a reply without any record is kept for. */
const TTL_WITHOUT_RECORDS = 5;

export const setupCache: Setup = ([directive], ground) => [
  new CachePlugin(deepFreeze(readCache(directive, ground.zones, ground.delay))),
];

export class CachePlugin implements Plugin {
  readonly name = 'cache';
  private readonly options: CacheOptions;
  private readonly positive = new Map<string, Item>();
  private readonly negative = new Map<string, Item>();

  constructor(options: CacheOptions) {
    this.options = options;
  }

  inFork(): CachePlugin {
    return new CachePlugin(this.options);
  }

  empty(): void {
    this.positive.clear();
    this.negative.clear();
  }

  serve(request: DnsRequest, next: Serve): DnsReply {
    const { question, clock } = request;
    if (zoneOf(question.name, this.options.zones) === undefined) return next(request);
    const item = this.find(question, clock);
    if (item === undefined) return this.keep(request, next(request));
    const { now } = clock;
    const left = ttlLeft(item, now);
    if (left <= 0) return this.serveStale(request, next, item);
    this.prefetch(request, next, item, left);
    return tailored(item.reply, this.options.keepTtl ? item.ttl : left);
  }

  /** The entry for a question, if it may still be served. Denials are looked at first. */
  private find(question: Question, clock: DnsRequest['clock']): Item | undefined {
    const key = keyOf(question);
    const stale = (this.options.stale?.for ?? 0) / seconds(1);
    const isFit = (item: Item | undefined) =>
      item !== undefined && (ttlLeft(item, clock.now) > 0 || -ttlLeft(item, clock.now) < stale);
    const found = [this.negative.get(key), this.positive.get(key)];
    return found.find(isFit);
  }

  /** Keeps a reply. It already carries the TTL that it is kept for, kept or not. */
  private keep(request: DnsRequest, reply: DnsReply): DnsReply {
    const kind = kindOf(reply, request.question);
    if (kind === 'other') return reply;
    const ttl = this.ttlOf(reply, kind);
    if (request.real && ttl > 0) leave(request, () => this.store(request, reply, kind, ttl));
    return withTtl(reply, ttl);
  }

  private serveStale(request: DnsRequest, next: Serve, item: Item): DnsReply {
    const { verify, ttl } = this.options.stale!;
    if (verify) {
      const fresh = next(request);
      const isGood = fresh.rcode === 'NOERROR' || fresh.rcode === 'NXDOMAIN';
      if (isGood) return this.keep(request, fresh);
    } else if (request.real) {
      this.refreshBehind(request, next);
    }
    return tailored(item.reply, ttl);
  }

  /** An entry that is asked for often is renewed behind the client's back before it runs out. */
  private prefetch(request: DnsRequest, next: Serve, item: Item, left: number): void {
    const { hits, within, percentage } = this.options.prefetch;
    if (hits === 0 || !request.real) return;
    const { now } = request.clock;
    const met = now - item.lastHit > within ? 1 : item.hits + 1;
    leave(request, () => Object.assign(item, { hits: met, lastHit: now }));
    if (met >= hits && left <= Math.ceil((percentage / 100) * item.ttl)) {
      this.refreshBehind(request, next);
    }
  }

  /** A failure of the other server renews nothing. */
  private refreshBehind(request: DnsRequest, next: Serve): void {
    const reply = next(request);
    const kind = kindOf(reply, request.question);
    if (kind !== 'success' && kind !== 'denial') return;
    leave(request, () => this.store(request, reply, kind, this.ttlOf(reply, kind)));
  }

  private ttlOf(reply: DnsReply, kind: Exclude<Kind, 'other'>): number {
    if (kind === 'failure') return this.options.failure;
    const { least, most } = this.options[kind];
    const ttls = recordsOf(reply).map(({ ttl }) => ttl);
    const shortest = ttls.length === 0 ? TTL_WITHOUT_RECORDS : Math.min(...ttls);
    return Math.min(Math.max(shortest, least), most);
  }

  private store(request: DnsRequest, reply: DnsReply, kind: Kind, ttl: number): void {
    const { question, clock } = request;
    if (!isKept(reply, question)) return;
    const { now } = clock;
    const key = keyOf(question);
    const { counted: _, ...kept } = reply;
    const item: Item = { reply: kept, ttl, stored: now, hits: 0, lastHit: now };
    const excepted = kind === 'success' ? this.options.noSuccess : this.options.noDenial;
    if (excepted.some((zone) => isWithin(question.name, zone))) return;
    if (kind === 'success') {
      this.positive.set(key, item);
      this.negative.delete(key);
      return;
    }
    const known = this.positive.get(key);
    // A failure does not hide an answer that is still good.
    if (kind === 'failure' && known !== undefined && ttlLeft(known, now) > 0) return;
    this.negative.set(key, item);
  }
}

function keyOf({ name, type }: Question): string {
  return `${name.toLowerCase()} ${type}`;
}

/** Seconds; zero or less for what has run out. */
function ttlLeft({ ttl, stored }: Item, now: Instant): number {
  return ttl - Math.floor((now - stored) / seconds(1));
}

/**
 * source: coredns plugin/pkg/response/typify.go
 */
function kindOf(reply: DnsReply, question: Question): Kind {
  switch (reply.rcode) {
    case 'NOERROR':
      return hasSoa(reply) && !isAnswered(reply, question) ? 'denial' : 'success';
    case 'NXDOMAIN':
      return 'denial';
    case 'SERVFAIL':
    case 'NOTIMP':
      return 'failure';
    default:
      return 'other';
  }
}

/** Whether a reply may be kept at all: complete, and with something that says for how long. */
function isKept(reply: DnsReply, question: Question): boolean {
  if (reply.truncated) return false;
  if (reply.rcode === 'NXDOMAIN') return hasSoa(reply);
  if (reply.rcode !== 'NOERROR' || reply.answers.length === 0 || hasSoa(reply)) return true;
  return isAnswered(reply, question);
}

function hasSoa({ authority }: DnsReply): boolean {
  return authority.some(({ type }) => type === 'SOA');
}

/** Whether the CNAMEs from the question's name on lead to a record of the type. */
function isAnswered({ answers }: DnsReply, { name, type }: Question): boolean {
  const seen = new Set<string>();
  for (let owner = name.toLowerCase(); !seen.has(owner);) {
    seen.add(owner);
    const own = answers.filter((record) => isSameName(record.name, owner));
    if (own.some((record) => record.type === type)) return true;
    const targets = new Set(targetsOf(own));
    if (targets.size !== 1) return false;
    owner = [...targets][0]!;
  }
  return false;
}

function targetsOf(records: readonly ResourceRecord[]): string[] {
  return records.filter(({ type }) => type === 'CNAME').map(({ data }) => data.toLowerCase());
}

/** A kept reply as it is served: always authoritative, since some resolvers insist on that. */
function tailored(reply: DnsReply, ttl: number): DnsReply {
  return { ...withTtl(reply, ttl), authoritative: true, delay: 0 as DnsReply['delay'] };
}

function withTtl(reply: DnsReply, ttl: number): DnsReply {
  const all = (records: readonly ResourceRecord[]) => records.map((it) => ({ ...it, ttl }));
  const { answers, authority, additional } = reply;
  return {
    ...reply,
    answers: all(answers),
    authority: all(authority),
    additional: all(additional),
  };
}
