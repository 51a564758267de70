// DNS servers that answer wrongly: what they say of some names in place of the truth, how often,
// and whether that passes their own cache on its way out.

import { noteReading } from '../kernel/readings';
import type { Place, Readable } from '../kernel/readings';
import type { Random } from '../kernel/random';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { CERTAIN, complement, NEVER } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { Rcode } from '../values/resolution';
import type { Choose } from './courses';
import { emptyReply, normalName } from './dns-message';
import type { DnsReply, DnsTransport, Question, ResourceRecord } from './dns-message';

/** What a server says in place of the truth. */
export type WrongAnswer =
  | { readonly kind: 'code'; readonly rcode: Rcode }
  | { readonly kind: 'silence' | 'truncation' }
  /** `random`: an address where nobody is, another one for each name. */
  | { readonly kind: 'addresses'; readonly A?: IP | 'random'; readonly AAAA?: IP };

/** How servers fail. It is plain data. */
export interface DnsFailure {
  /** Patterns of names, with `*` for any letters and `?` for one; none means every name. */
  readonly names: readonly string[];
  readonly answer: WrongAnswer;
  /** How likely each question gets it. */
  readonly odds: Ratio;
  /** Which questions get it, in their order and from the start again; in place of odds. */
  readonly pattern: readonly boolean[];
  /** Whether it stands where `template` does, so that the server's cache keeps what it may. */
  readonly behindCache: boolean;
}

/** Where a question is met: at the door of a server, or behind its cache. */
export type Stage = 'door' | 'behind the cache';

/** A question as far as failures look at it. */
export interface Met {
  readonly question: Question;
  readonly transport: DnsTransport;
  readonly choose: Choose;
  /** Questions of the same lookup that patterns have counted before this one, by fault. */
  readonly counted: Counts;
}

export type Counts = ReadonlyMap<string, number>;

interface Failing {
  readonly failure: DnsFailure;
  readonly servers: Set<string>;
  /** Questions of lookups that were really made. */
  asked: number;
}

/** Seconds: what `template` writes, and what Chaos Mesh's DNS server gives to its own records. */
const TTL = 60;

/** Where forks have the failures of theirs, and what they tell each other of none. */
const PLACE: Place = Object.freeze({ room: 'DNS failures', name: '' });
const NONE = 'none';

/** The failures of all servers: of pods by their keys, and of `node` and `external/NAME`. */
export class DnsFailures implements Readable {
  readonly place = PLACE;
  private readonly random: Random;
  private readonly failing = new Map<string, Failing>();
  /** Counts what has changed. */
  private changes = 0;

  constructor(random: Random) {
    this.random = random;
  }

  standing(): number {
    return this.changes;
  }

  whole(): number {
    return this.changes;
  }

  common(): string | undefined {
    return this.failing.size === 0 ? NONE : undefined;
  }

  /** More servers fail in the way of this token; returns those that did not. */
  fail(token: string, servers: readonly string[], failure: DnsFailure): readonly string[] {
    const failing = this.failing.get(token) ?? { failure, servers: new Set(), asked: 0 };
    this.changes++;
    const fresh = servers.filter((it) => !failing.servers.has(it));
    for (const server of fresh) failing.servers.add(server);
    if (failing.servers.size > 0) this.failing.set(token, failing);
    return fresh;
  }

  /** One server is itself again, as far as this token goes. */
  mend(token: string, server: string): void {
    const failing = this.failing.get(token);
    this.changes++;
    failing?.servers.delete(server);
    if (failing?.servers.size === 0) this.failing.delete(token);
  }

  /** A lookup was really made: what patterns have counted in it counts for the next ones. */
  made(counts: Counts): void {
    this.changes++;
    for (const [token, count] of counts) {
      const failing = this.failing.get(token);
      if (failing !== undefined) failing.asked += count;
    }
  }

  /** What a server says at a stage: what fails, or else what `truth` finds. */
  answer(server: string, stage: Stage, met: Met, truth: () => DnsReply): DnsReply {
    noteReading(this, '');
    const counted: string[] = [];
    for (const [token, failing] of this.failing) {
      const { failure, servers } = failing;
      const isMeant = servers.has(server) && failure.behindCache === (stage !== 'door');
      if (!isMeant || !isNamed(failure.names, met.question.name)) continue;
      if (failure.pattern.length > 0) counted.push(token);
      if (!strikes(token, failing, met)) continue;
      return withCount(this.wrong(token, failure.answer, met) ?? truth(), counted);
    }
    return withCount(truth(), counted);
  }

  /** Undefined where the truth is told after all: over TCP nothing is cut off. */
  private wrong(token: string, answer: WrongAnswer, met: Met): DnsReply | undefined {
    switch (answer.kind) {
      case 'code':
        return emptyReply(answer.rcode);
      case 'silence':
        return { ...emptyReply('SERVFAIL'), silent: true };
      case 'truncation':
        if (met.transport === 'TCP') return undefined;
        return { ...emptyReply('NOERROR'), truncated: true };
      case 'addresses':
        return this.addresses(token, answer, met.question);
    }
  }

  /** One record of the type that is asked for; other types of the name are empty. */
  private addresses(
    token: string,
    { A, AAAA }: Extract<WrongAnswer, { kind: 'addresses' }>,
    { name, type }: Question,
  ): DnsReply {
    const given = type === 'A' ? A : type === 'AAAA' ? AAAA : undefined;
    const data = given === 'random' ? this.nowhere(token, name) : given;
    const record = (value: string): ResourceRecord => ({ name, type, ttl: TTL, data: value });
    const answers = data === undefined ? [] : [record(data)];
    return { ...emptyReply('NOERROR', true), answers };
  }

  /** An address of the range for benchmarks (RFC 2544), where nobody is. */
  private nowhere(token: string, name: string): IP {
    const stream = this.random.stream(`fail/${token}/${name.toLowerCase()}`).fork();
    const [second, third, fourth] = [18 + stream.below(2), stream.below(256), stream.below(256)];
    return parseIp(`198.${second}.${third}.${fourth}`)!;
  }
}

function strikes(token: string, { failure, asked }: Failing, met: Met): boolean {
  const { pattern, odds } = failure;
  if (pattern.length > 0) {
    return pattern[(asked + (met.counted.get(token) ?? 0)) % pattern.length]!;
  }
  if (odds.numerator === odds.denominator) return true;
  if (odds.numerator === NEVER.numerator) return false;
  return met.choose([
    { probability: odds, value: true },
    { probability: complement(odds), value: false },
  ]);
}

function withCount(reply: DnsReply, counted: readonly string[]): DnsReply {
  if (counted.length === 0) return reply;
  return { ...reply, counted: [...(reply.counted ?? []), ...counted] };
}

function isNamed(patterns: readonly string[], name: string): boolean {
  return (
    patterns.length === 0 || patterns.some((it) => matches(normalName(it), name.toLowerCase()))
  );
}

/** `*` stands for any letters, dots included, as in the patterns of Chaos Mesh. */
function matches(pattern: string, name: string): boolean {
  const [first = '', ...rest] = pattern;
  if (pattern === '') return name === '';
  if (first === '*') {
    const tail = rest.join('');
    return matches(tail, name) || (name !== '' && matches(pattern, name.slice(1)));
  }
  const isFit = name !== '' && (first === '?' || first === name[0]);
  return isFit && matches(rest.join(''), name.slice(1));
}

/** The most that any of several courses has counted, by fault. */
export function mostOf(courses: Iterable<Counts>): Counts {
  const most = new Map<string, number>();
  for (const counts of courses) {
    for (const [token, count] of counts) {
      most.set(token, Math.max(count, most.get(token) ?? 0));
    }
  }
  return most;
}

/** What fails always. */
export const ALWAYS = { odds: CERTAIN, pattern: [] } as const;
