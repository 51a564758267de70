// The resolver of Go programs that do without the C library: A and AAAA at once, each from a
// socket of its own.
// source: golang/go src/net/dnsclient_unix.go (goLookupIPCNAMEOrder, tryOneName), dnsconfig_unix.go

import type { IP } from '../values/ip';
import type { Duration } from '../values/time';
import type { Question } from './dns-message';
import { EDNS_SIZE } from './dns-size';
import type { Arrival, Course, LookupRequest } from './lookup';
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
  waitOf,
} from './lookup-result';
import type { NameResult, ResultKind } from './lookup-result';
import type { ResolverMemory } from './resolver';

const ATTEMPTS = 2;
const ATTEMPTS_MAX = 2 ** 31;
const TIMEOUT_SECONDS_MAX = 2 ** 31;

/** Looks a name up; whatever goes wrong with one name, the next is tried. */
export function lookUpGo(
  course: Course,
  request: LookupRequest,
  memory: ResolverMemory,
): NameResult {
  const servers = rotated(request, memory);
  if (servers.length === 0) return NOBODY_TO_ASK;
  const isSingle = request.conf.options.has('single-request');
  let last = NOBODY_TO_ASK;
  for (const { name } of candidates(request)) {
    course.beforeName(last, memory.rotation);
    const begin = course.now;
    const results: NameResult[] = [];
    let end = begin as number;
    for (const question of questionsFor(name, request)) {
      if (!isSingle) course.now = begin;
      const known = { results, end };
      results.push(askInTurn(course, request, { question, servers, known }));
      end = Math.max(end, course.now);
    }
    course.now = end as Duration;
    last = joined(results);
    if (last.kind === 'found' || last.kind === 'not-modelled') return last;
  }
  return last;
}

interface Asking {
  readonly question: Question;
  readonly servers: readonly (IP | undefined)[];
  /** What has come of the other question for the same name, and when. */
  readonly known: { readonly results: readonly NameResult[]; readonly end: number };
}

/** One question to one server after the other. A name that does not exist is final. */
function askInTurn(
  course: Course,
  request: LookupRequest,
  { question, servers, known }: Asking,
): NameResult {
  const { conf } = request;
  const attempts = Math.max(1, numberOption(conf, 'attempts', ATTEMPTS, ATTEMPTS_MAX));
  let result = NOBODY_TO_ASK;
  for (let attempt = 0; attempt < attempts; attempt++) {
    for (const [index, server] of servers.entries()) {
      const last = result;
      course.beforeTry(() => {
        const told = [...known.results, last].map((it) => course.told(it));
        // Both questions are under way at once, so that their times put the queries in order.
        const times = course.sent.map(({ at }) => at);
        const waits = known.results.map(({ replies }) => waitOf(replies));
        const place = [question.type, attempt, index];
        return { open: [], more: [place, times, known.end, waits, told] };
      });
      result = exchange(course, request, question, server);
      if (!['servfail', 'refused', 'timeout', 'unreachable'].includes(result.kind)) return result;
    }
  }
  return result;
}

/** Over UDP, and over TCP where the answer did not fit; each waits for as long. */
function exchange(
  course: Course,
  request: LookupRequest,
  question: Question,
  server: IP | undefined,
): NameResult {
  const transports = request.conf.options.has('use-vc')
    ? ['TCP' as const]
    : (['UDP', 'TCP'] as const);
  const patience = timeoutOf(request, TIMEOUT_SECONDS_MAX);
  let result = NOBODY_TO_ASK;
  for (const transport of transports) {
    const socket = course.socket(transport);
    const arrival = course.ask(socket, server, question, { udpSize: EDNS_SIZE });
    const isLate = arrival.at - course.now > patience;
    const isLost = arrival.reaction.kind === 'lost' || isLate;
    course.now = isLost ? ((course.now + patience) as Duration) : arrival.at;
    const traces = course.tracesOf(socket, server);
    const replies = isLate ? [] : repliesAmong([arrival]).map(({ reply }) => reply);
    const kind = isLost ? 'timeout' : kindOf(arrival);
    result = { kind, server, traces, replies, reason: reasonOf([arrival]) };
    if (replies[0]?.truncated !== true) return result;
  }
  return result;
}

function kindOf({ question, reaction }: Arrival): ResultKind {
  if (reaction.kind === 'lost') return 'timeout';
  if (reaction.kind !== 'reply') return reaction.kind;
  const { reply } = reaction;
  if (reply.rcode === 'NXDOMAIN') return 'nxdomain';
  if (reply.rcode === 'SERVFAIL') return 'servfail';
  if (reply.rcode !== 'NOERROR') return 'refused';
  return hasAnswer(reply, question.type) ? 'found' : 'nodata';
}

const BEST_FIRST: readonly ResultKind[] = [
  'not-modelled',
  'found',
  'timeout',
  'servfail',
  'refused',
  'unreachable',
  'nodata',
  'nxdomain',
];

/** The answers to both questions: addresses of either family are enough. */
function joined(results: readonly NameResult[]): NameResult {
  const sorted = [...results].sort(
    (a, b) => BEST_FIRST.indexOf(a.kind) - BEST_FIRST.indexOf(b.kind),
  );
  return { ...sorted[0]!, replies: results.flatMap(({ replies }) => replies) };
}

function rotated(request: LookupRequest, memory: ResolverMemory): readonly (IP | undefined)[] {
  // source: golang/go src/net/dnsconfig_unix.go: "small, but the standard limit"
  const servers = serversOf(request).slice(0, SERVERS_MAX);
  if (!request.conf.options.has('rotate') || servers.length < 2) return servers;
  memory.rotation ??= 0;
  const first = memory.rotation++ % servers.length;
  return [...servers.slice(first), ...servers.slice(0, first)];
}
