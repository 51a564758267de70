// The resolver of musl, as in Alpine images: every server at once, the first answer counts, no
// patience with errors.
// source: musl src/network/{lookup_name,res_msend,resolvconf}.c; the lab holds it against 1.2.3,
// and has held it against 1.2.5

import type { IP } from '../values/ip';
import type { Duration } from '../values/time';
import type { DnsReply, Question } from './dns-message';
import type { Arrival, Course, LookupRequest, Socket } from './lookup';
import {
  dotsIn,
  hasAnswer,
  NOBODY_TO_ASK,
  numberOption,
  questionsFor,
  SERVERS_MAX,
  serversOf,
  timeoutOf,
} from './lookup-result';
import type { NameResult, ResultKind } from './lookup-result';

const ATTEMPTS = 2;
const ATTEMPTS_MAX = 10;
const TIMEOUT_SECONDS_MAX = 60;
/** A SERVFAIL is answered by asking again at once, this often for each question and burst. */
const SERVFAIL_RETRIES = 2;
/** A line of resolv.conf with its line feed must fit into 255 characters. */
const LINE_MAX = 254;

/** The profile of all releases before 1.2.4. */
const BEFORE_TCP = 'musl-1.2.3';

/** Stands for a name of which old releases make a query with an empty label in it. */
const MALFORMED = '..';

const NOT_UNDERSTOOD: NameResult = {
  kind: 'not-modelled',
  server: undefined,
  traces: [],
  replies: [],
  reason: 'musl before 1.2.4 makes a malformed query of a dot in the search list',
};

/** Looks a name up. Only names that do not exist lead on along the search list. */
export function lookUpMusl(course: Course, request: LookupRequest): NameResult {
  let result = NOBODY_TO_ASK;
  for (const name of namesOf(request)) {
    if (name === MALFORMED) return NOT_UNDERSTOOD;
    course.beforeName(result);
    result = new Sending(course, request, questionsFor(name, request)).send();
    if (result.kind !== 'nxdomain') return result;
  }
  return result;
}

/**
 * With enough dots the name is taken as it stands, and the search list is never tried. A dot in the
 * list makes a name that ends in two, which does not exist.
 * source: musl src/network/lookup_name.c (name_from_dns_search), res_mkquery.c
 */
function namesOf({ name, conf, libc }: LookupRequest): readonly string[] {
  const plain = name.replace(/\.$/, '');
  const isEnough = dotsIn(name) >= numberOption(conf, 'ndots', 1, 15);
  if (isEnough || name.endsWith('.')) return [plain];
  const isRead = `search ${conf.search.join(' ')}`.length <= LINE_MAX;
  const searched = (isRead ? conf.search : []).flatMap((domain) => {
    if (domain !== '.') return [`${plain}.${domain}`];
    return libc === BEFORE_TCP ? [MALFORMED] : [];
  });
  return [...searched, plain];
}

/** The questions for one name: `__res_msend`. */
class Sending {
  private readonly course: Course;
  private readonly request: LookupRequest;
  private readonly questions: readonly Question[];
  private readonly servers: readonly (IP | undefined)[];
  private readonly socket: Socket;
  /** Answers by question; `pending` while one is fetched over TCP. */
  private readonly answers = new Map<Question, Answer | 'pending'>();
  private waiting: Arrival[] = [];
  private retriesLeft = 0;
  private hasFailed = false;
  private readonly overTcp = new Set<Arrival>();
  /** TCP brought an error: whatever is still open stays so. */
  private isCutShort = false;
  private problem: Arrival | undefined;

  constructor(course: Course, request: LookupRequest, questions: readonly Question[]) {
    this.course = course;
    this.request = request;
    this.questions = questions;
    this.servers = serversOf(request).slice(0, SERVERS_MAX);
    this.socket = course.socket('UDP');
  }

  send(): NameResult {
    if (this.servers.length === 0) return NOBODY_TO_ASK;
    const { course, request } = this;
    const attempts = Math.max(1, numberOption(request.conf, 'attempts', ATTEMPTS, ATTEMPTS_MAX));
    const end = course.now + timeoutOf(request, TIMEOUT_SECONDS_MAX);
    const interval = Math.floor((end - course.now) / attempts / 1_000) * 1_000;
    let next = course.now as number;
    let bursts = 0;
    while (!this.isDone && course.now < end) {
      this.stand(next, bursts);
      // Waiting always takes a little longer than said: there is no time for one more.
      if (course.now >= next) {
        if (bursts++ < attempts) this.burst();
        next = course.now + interval;
      }
      const arrival = this.take(Math.min(next, end));
      if (arrival === undefined) course.now = Math.min(next, end) as Duration;
      else this.receive(arrival);
      if (this.problem !== undefined || this.isCutShort) break;
    }
    return this.result();
  }

  /** Courses that stand alike while they wait go on as one. */
  private stand(next: number, bursts: number): void {
    this.course.beforeTry(() => {
      const { waiting, retriesLeft, hasFailed } = this;
      const coming = waiting.map((it) => [it, this.overTcp.has(it)]);
      const answers = [...this.answers].map(([{ type }, it]) => [type, it]);
      const more = [next, bursts, retriesLeft, hasFailed, coming, answers];
      return { open: [this.socket], more };
    });
  }

  private get isDone(): boolean {
    return this.questions.every((it) => (this.answers.get(it) ?? 'pending') !== 'pending');
  }

  /** Every open question to every server. */
  private burst(): void {
    for (const [index, question] of this.questions.entries()) {
      if (this.answers.has(question)) continue;
      for (const server of this.servers) this.ask(server, question, index > 0);
    }
    this.retriesLeft = SERVFAIL_RETRIES * this.questions.length;
  }

  private ask(server: IP | undefined, question: Question, racing: boolean): void {
    const arrival = this.course.ask(this.socket, server, question, { racing });
    if (arrival.reaction.kind === 'not-modelled') this.problem = arrival;
    // ICMP errors are not noticed: the socket is not connected.
    if (arrival.reaction.kind === 'reply') this.waiting.push(arrival);
  }

  /** What arrives next, until an instant; the clock goes there. */
  private take(until: number): Arrival | undefined {
    const first = this.waiting.reduce<Arrival | undefined>(
      (best, it) => (best === undefined || it.at < best.at ? it : best),
      undefined,
    );
    if (first === undefined || first.at > until) return undefined;
    this.waiting = this.waiting.filter((it) => it !== first);
    this.course.now = Math.max(this.course.now, first.at) as Duration;
    return first;
  }

  private receive(arrival: Arrival): void {
    const { question, server, reaction } = arrival;
    if (reaction.kind !== 'reply') return;
    const { reply } = reaction;
    if (this.overTcp.has(arrival)) {
      if (isAccepted(reply)) this.answers.set(question, { reply, server });
      else this.isCutShort = true;
      return;
    }
    if (this.answers.has(question)) return;
    if (reply.rcode === 'SERVFAIL') {
      this.hasFailed = true;
      if (this.retriesLeft-- > 0) this.ask(server, question, false);
      return;
    }
    // All other codes are ignored, as if nothing had come.
    if (!isAccepted(reply)) return;
    if (!reply.truncated || !this.fallsBackToTcp) {
      this.answers.set(question, { reply, server });
      return;
    }
    this.askByTcp(question, server);
  }

  private askByTcp(question: Question, server: IP | undefined): void {
    this.answers.set(question, 'pending');
    const socket = this.course.socket('TCP');
    const arrival = this.course.ask(socket, server, question);
    if (arrival.reaction.kind === 'not-modelled') this.problem = arrival;
    if (arrival.reaction.kind === 'unreachable') this.isCutShort = true;
    if (arrival.reaction.kind !== 'reply') return;
    this.overTcp.add(arrival);
    this.waiting.push(arrival);
  }

  /** Since 1.2.4; before, the records that fitted were all there was. */
  private get fallsBackToTcp(): boolean {
    return this.request.libc !== BEFORE_TCP;
  }

  private result(): NameResult {
    const settled = this.questions.map((question) => {
      const answer = this.answers.get(question);
      return { question, answer: isSettled(answer) ? answer : undefined };
    });
    const told = this.problem === undefined ? kindOf(settled) : 'not-modelled';
    const kind = told === 'timeout' && this.hasFailed ? 'servfail' : told;
    const server = settled.find(({ answer }) => answer !== undefined)?.answer?.server;
    const from = server ?? this.servers[0];
    const traces = this.course.tracesOf(this.socket, from);
    const lost = this.problem?.reaction;
    return {
      kind,
      server: from,
      traces,
      replies: settled.flatMap(({ answer }) => answer?.reply ?? []),
      reason: lost !== undefined && lost.kind !== 'reply' ? lost.reason : (traces[0]?.reason ?? ''),
    };
  }
}

interface Answer {
  readonly reply: DnsReply;
  readonly server: IP | undefined;
}

function isAccepted({ rcode }: DnsReply): boolean {
  return rcode === 'NOERROR' || rcode === 'NXDOMAIN';
}

function isSettled(answer: Answer | 'pending' | undefined): answer is Answer {
  return answer !== undefined && answer !== 'pending';
}

/** Each question in turn: an error in either answer spoils both. */
function kindOf(
  settled: readonly { readonly question: Question; readonly answer: Answer | undefined }[],
): ResultKind {
  for (const { answer } of settled) {
    if (answer === undefined) return 'timeout';
    if (answer.reply.rcode === 'NXDOMAIN') return 'nxdomain';
  }
  const isFound = settled.some(({ question, answer }) => hasAnswer(answer!.reply, question.type));
  return isFound ? 'found' : 'nodata';
}
