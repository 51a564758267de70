// The resolver of glibc: one server after the other, one name after the other, A and AAAA at once
// from one socket.
// source: glibc resolv/res_query.c (__res_context_search), resolv/res_send.c (send_dg, send_vc);
// held against 2.36 by the lab

import type { IP } from '../values/ip';
import { seconds } from '../values/time';
import type { Duration } from '../values/time';
import { addressData } from './dns-message';
import type { Question } from './dns-message';
import type { Arrival, Course, LookupRequest, Socket } from './lookup';
import {
  candidates,
  hasAnswer,
  NOBODY_TO_ASK,
  numberOption,
  questionsFor,
  reasonOf,
  repliesAmong,
  SERVERS_MAX,
  serversOf,
  timeoutOf,
} from './lookup-result';
import type { Candidate, NameResult, ResultKind } from './lookup-result';
import type { ResolverMemory } from './resolver';

const ATTEMPTS = 2;
const ATTEMPTS_MAX = 5;
const TIMEOUT_SECONDS_MAX = 30;

/** What `edns0` offers: RESOLV_EDNS_BUFFER_SIZE. */
const EDNS_SIZE = 1_200;

/** Octets for the addresses of both families that getaddrinfo has at first. */
const BUFFER = 1_024;
/** `struct gaih_addrtuple` on 64 bits. */
const ADDRESS_SIZE = 40;

/** Codes that mean "ask another server". */
const UNWILLING = ['SERVFAIL', 'NOTIMP', 'REFUSED'];

/** Looks a name up along the search list. */
export function lookUpGlibc(
  course: Course,
  request: LookupRequest,
  memory: ResolverMemory,
): NameResult {
  if (request.conf.options.has('single-request')) memory.single = true;
  if (request.conf.options.has('single-request-reopen')) memory.single = memory.reopen = true;
  // Where the addresses do not fit, everything is asked again for a buffer of twice the size.
  for (let buffer = BUFFER; ; buffer *= 2) {
    const result = search(course, request, memory, buffer);
    if (result.kind !== 'found' || sizeOf(result, request) <= buffer) return result;
  }
}

/**
 * Octets that the name and its addresses take. Those of one family are kept otherwise: 47 fit, and
 * what is done with more is not modelled.
 * source: glibc resolv/nss_dns/dns-host.c (gaih_getanswer_slice)
 */
function sizeOf({ replies }: NameResult, { types }: LookupRequest): number {
  if (types.length < 2) return 0;
  const addresses = replies.flatMap((reply) => addressData(reply));
  const name = (addresses[0]?.name.length ?? 0) + 1;
  return Math.ceil(name / 8) * 8 + addresses.length * ADDRESS_SIZE;
}

/** One walk along the search list: `__res_context_search`. */
function search(
  course: Course,
  request: LookupRequest,
  memory: ResolverMemory,
  buffer: number,
): NameResult {
  const names = candidates(request);
  let failure: NameResult | undefined;
  for (let index = 0; index < names.length;) {
    course.beforeName(failure, buffer, index, memory);
    const result = new Sending(course, request, memory).send(names[index]!.name);
    if (isFinal(result)) return result;
    failure = toldOf(names, failure, result);
    const leavesList = result.kind === 'timeout' || result.kind === 'refused';
    index = leavesList ? indexOfAsIs(names, index) : index + 1;
  }
  return failure ?? NOBODY_TO_ASK;
}

/** Found, or an error of the socket: both end the lookup, whatever names are left. */
function isFinal({ kind }: NameResult): boolean {
  return kind === 'found' || kind === 'unreachable' || kind === 'not-modelled';
}

function indexOfAsIs(names: readonly Candidate[], index: number): number {
  const asIs = names.findIndex((name, at) => at > index && name.asIs);
  return asIs < 0 ? names.length : asIs;
}

/**
 * Which of several failures the application is told of: that of the name as it stands where it came
 * first, or else the first without data, the first SERVFAIL, the last.
 */
function toldOf(
  names: readonly Candidate[],
  before: NameResult | undefined,
  next: NameResult,
): NameResult {
  if (before === undefined) return next;
  const asIsFirst = names[0]?.asIs === true && names.length > 1;
  if (asIsFirst || before.kind === 'nodata') return before;
  return before.kind === 'servfail' && next.kind !== 'nodata' ? before : next;
}

/** What one try at one server comes to; undefined sends the resolver on to its next try. */
interface Tried {
  readonly kind: ResultKind | 'truncated' | undefined;
  readonly arrivals: readonly Arrival[];
  readonly socket: Socket;
}

/** The queries for one name: `__res_context_send`. Sockets stay open until it is done. */
class Sending {
  private readonly course: Course;
  private readonly request: LookupRequest;
  private readonly memory: ResolverMemory;
  private readonly sockets = new Map<IP | undefined, Socket>();
  /** Set for good once an answer was truncated. */
  private usesTcp: boolean;

  constructor(course: Course, request: LookupRequest, memory: ResolverMemory) {
    this.course = course;
    this.request = request;
    this.memory = memory;
    this.usesTcp = request.conf.options.has('use-vc');
  }

  send(name: string): NameResult {
    const { conf } = this.request;
    const questions = this.questionsFor(name);
    const servers = this.rotated();
    const attempts = Math.max(1, numberOption(conf, 'attempts', ATTEMPTS, ATTEMPTS_MAX));
    let tried: Failures | undefined;
    for (let attempt = 0; attempt < attempts; attempt++) {
      for (const [index, server] of servers.entries()) {
        if (tried !== undefined) this.standBefore([attempt, index], tried);
        const result = this.ask(server, questions, this.patience(index, servers.length));
        // Over TCP nobody looks at the code of an answer.
        const isAnswer = this.usesTcp && result.replies.length > 0;
        if (isDecided(result) || isAnswer) return this.withoutAaaa(result);
        tried = withFailure(tried, result);
      }
      // Over TCP each server is tried once.
      if (this.usesTcp) break;
    }
    return weightiest(tried);
  }

  /** Courses that stand alike before a try go on as one. */
  private standBefore(place: readonly number[], { last, milder }: Failures): void {
    const { course, memory, usesTcp, sockets } = this;
    course.beforeTry(() => {
      const told = [last, milder].map((it) => it && course.told(it));
      return { open: sockets.values(), more: [place, memory, usesTcp, told] };
    });
  }

  /** `no-aaaa`: A alone of both; A in place of AAAA, so that NXDOMAIN can be told from NODATA. */
  private questionsFor(name: string): readonly Question[] {
    const questions = questionsFor(name, this.request);
    if (!this.request.conf.options.has('no-aaaa')) return questions;
    const others = questions.filter(({ type }) => type !== 'AAAA');
    return others.length > 0 ? others : [{ name, type: 'A' }];
  }

  /** source: glibc resolv/res-noaaaa.c */
  private withoutAaaa(result: NameResult): NameResult {
    const { conf, types } = this.request;
    const isTranslated = conf.options.has('no-aaaa') && types.every((type) => type === 'AAAA');
    return isTranslated && result.kind === 'found' ? { ...result, kind: 'nodata' } : result;
  }

  private get udpSize(): number {
    return this.request.conf.options.has('edns0') ? EDNS_SIZE : 0;
  }

  private ask(server: IP | undefined, questions: readonly Question[], patience: Duration) {
    let tried = this.usesTcp
      ? this.askByTcp(server, questions)
      : this.askByUdp(server, questions, patience);
    if (tried.kind === 'truncated') {
      this.usesTcp = true;
      tried = this.askByTcp(server, questions);
    }
    return this.resultOf(tried, server);
  }

  /** Answers that come too late count as lost. */
  private askByUdp(
    server: IP | undefined,
    questions: readonly Question[],
    patience: Duration,
  ): Tried {
    const { course, memory } = this;
    for (;;) {
      const socket = this.sockets.get(server) ?? course.socket('UDP');
      this.sockets.set(server, socket);
      const begin = course.now;
      const deadline = (begin + patience) as Duration;
      const arrivals =
        memory.single && questions.length > 1
          ? this.oneByOne(socket, server, questions, deadline)
          : this.allAtOnce(socket, server, questions);
      const inTime = arrivals.filter(({ at }) => at <= deadline).sort((a, b) => a.at - b.at);
      const early = stopsAt(inTime);
      if (early !== undefined) {
        course.now = early.arrival.at;
        return { kind: early.kind, arrivals: inTime, socket };
      }
      const heard = repliesAmong(inTime);
      if (heard.length === questions.length) {
        course.now = inTime.at(-1)!.at;
        return { kind: undefined, arrivals: inTime, socket };
      }
      course.now = deadline;
      if (heard.length === 0) return { kind: 'timeout', arrivals, socket };
      // One answer came, the other did not: a server or a firewall that cannot take two at once.
      if (!memory.single) memory.single = true;
      else if (!memory.reopen) {
        memory.reopen = true;
        this.sockets.delete(server);
      } else return { kind: undefined, arrivals: inTime, socket };
    }
  }

  private allAtOnce(
    socket: Socket,
    server: IP | undefined,
    questions: readonly Question[],
  ): Arrival[] {
    return questions.map((question, index) =>
      this.course.ask(socket, server, question, { udpSize: this.udpSize, racing: index > 0 }),
    );
  }

  /** The second question leaves when the first one is answered, perhaps from another port. */
  private oneByOne(
    first: Socket,
    server: IP | undefined,
    questions: readonly Question[],
    deadline: Duration,
  ): Arrival[] {
    const { course, memory } = this;
    const arrivals: Arrival[] = [];
    let socket = first;
    for (const question of questions) {
      const arrival = course.ask(socket, server, question, { udpSize: this.udpSize });
      arrivals.push(arrival);
      if (arrival.reaction.kind !== 'reply' || arrival.at > deadline) break;
      course.now = arrival.at;
      if (memory.reopen && question !== questions.at(-1)) {
        socket = course.socket('UDP');
        this.sockets.set(server, socket);
      }
    }
    return arrivals;
  }

  /** All questions over one connection. Opening it takes as long as the system is patient. */
  private askByTcp(server: IP | undefined, questions: readonly Question[]): Tried {
    const { course, request } = this;
    const socket = course.socket('TCP');
    const { udpSize } = this;
    const arrivals = questions.map((question) => course.ask(socket, server, question, { udpSize }));
    const failed = arrivals.find(({ reaction }) => reaction.kind !== 'reply');
    if (failed?.reaction.kind === 'lost') {
      course.now = (course.now + request.connectTimeout) as Duration;
      return { kind: 'timeout', arrivals, socket };
    }
    course.now = Math.max(course.now, ...arrivals.map(({ at }) => at)) as Duration;
    const kind = failed?.reaction.kind;
    return { kind: kind === 'reply' ? undefined : kind, arrivals, socket };
  }

  private resultOf({ kind, arrivals, socket }: Tried, server: IP | undefined): NameResult {
    const decided = kind === undefined || kind === 'truncated' ? kindOf(arrivals) : kind;
    return {
      kind: decided,
      server,
      traces: this.course.tracesOf(socket, server),
      replies: repliesAmong(arrivals).map(({ reply }) => reply),
      reason: reasonOf(arrivals),
    };
  }

  /** How long one try at the `index`-th of `count` servers waits, in whole seconds. */
  private patience(index: number, count: number): Duration {
    const first = timeoutOf(this.request, TIMEOUT_SECONDS_MAX);
    if (index === 0) return first;
    return seconds(Math.max(1, Math.floor((first * 2 ** index) / count / seconds(1))));
  }

  /**
   * With `rotate` each name begins at the next server, the first one of a process anywhere.
   * source: glibc resolv/res_send.c (nameserver_offset)
   */
  private rotated(): readonly (IP | undefined)[] {
    const servers = serversOf(this.request).slice(0, SERVERS_MAX);
    if (!this.request.conf.options.has('rotate') || servers.length < 2) return servers;
    this.memory.rotation ??= this.course.draw(servers.length);
    const first = this.memory.rotation++ % servers.length;
    return [...servers.slice(first), ...servers.slice(0, first)];
  }
}

/** What ends the waiting at once: an error of the socket, or an answer that is cut. */
function stopsAt(
  arrivals: readonly Arrival[],
): { readonly arrival: Arrival; readonly kind: 'truncated' | ResultKind } | undefined {
  for (const arrival of arrivals) {
    const { reaction } = arrival;
    if (reaction.kind === 'unreachable' || reaction.kind === 'not-modelled') {
      return { arrival, kind: reaction.kind };
    }
    if (reaction.kind === 'reply' && reaction.reply.truncated)
      return { arrival, kind: 'truncated' };
  }
  return undefined;
}

/** One willing answer decides; what the unwilling say counts only among themselves. */
function kindOf(arrivals: readonly Arrival[]): ResultKind {
  const heard = repliesAmong(arrivals);
  const willing = heard.filter(({ reply }) => !UNWILLING.includes(reply.rcode));
  if (willing.some(({ question, reply }) => hasAnswer(reply, question.type))) return 'found';
  if (willing.some(({ reply }) => reply.rcode === 'NOERROR')) return 'nodata';
  if (willing.length > 0) return 'nxdomain';
  return heard.some(({ reply }) => reply.rcode === 'SERVFAIL') ? 'servfail' : 'refused';
}

/** Answers decide; errors and silence send the resolver on to its next try. */
function isDecided({ kind }: NameResult): boolean {
  return kind === 'found' || kind === 'nodata' || kind === 'nxdomain' || kind === 'not-modelled';
}

/** The tries for a name that failed, as far as they can matter. */
interface Failures {
  readonly last: NameResult;
  /** The first one that was no error of the socket. */
  readonly milder: NameResult | undefined;
}

function withFailure(before: Failures | undefined, last: NameResult): Failures {
  return { last, milder: before?.milder ?? (last.kind === 'unreachable' ? undefined : last) };
}

/**
 * Silence anywhere weighs more than a socket error: only if every try failed at once does the
 * resolver give up at once.
 */
function weightiest(tried: Failures | undefined): NameResult {
  if (tried === undefined) return NOBODY_TO_ASK;
  const { last, milder } = tried;
  return last.kind === 'unreachable' ? (milder ?? last) : last;
}
