// The resolver of glibc: one server after the other, one name after the other, A and AAAA at once
// from one socket.
// source: glibc resolv/res_query.c (__res_context_search), resolv/res_send.c; measured with 2.36

import { CERTAIN, multiply } from '../values/ratio';
import type { Ratio } from '../values/ratio';
import type { IP } from '../values/ip';
import { seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import {
  addressesIn,
  asQueries,
  candidates,
  hasAddress,
  nobodyToAsk,
  numberOption,
  precededBy,
  questionsFor,
  repliesOf,
  timeoutOf,
} from './lookup';
import type { LookupRequest, NameResult, Reply } from './lookup';

const ATTEMPTS = 2;
const ATTEMPTS_MAX = 5;
const TIMEOUT_SECONDS_MAX = 30;

/** Every way that a lookup along the search list can go. */
export function lookupGlibc(request: LookupRequest): NameResult[] {
  const names = candidates(request);
  return walk(request, names, 0, []);
}

type Candidate = ReturnType<typeof candidates>[number];

/** Tries the names from `index` on; `before` are those that gave nothing. */
function walk(
  request: LookupRequest,
  names: readonly Candidate[],
  index: number,
  before: readonly NameResult[],
): NameResult[] {
  const candidate = names[index];
  if (candidate === undefined) return [conclude(names, before)];
  return askForName(request, candidate.name).flatMap((result) => {
    if (isFinal(result)) return [precededBy(before, result)];
    const next = leavesSearchList(result) ? indexOfAsIs(names, index) : index + 1;
    return walk(request, names, next, [...before, result]);
  });
}

/** Found, or an error of the socket: both end the lookup, whatever names are left. */
function isFinal({ kind }: NameResult): boolean {
  return kind === 'found' || kind === 'unreachable' || kind === 'not-modelled';
}

function leavesSearchList({ kind }: NameResult): boolean {
  return kind === 'timeout' || kind === 'refused';
}

function indexOfAsIs(names: readonly Candidate[], index: number): number {
  const asIs = names.findIndex((name, at) => at > index && name.asIs);
  return asIs < 0 ? names.length : asIs;
}

/** Which of several failures the application is told of. */
function conclude(names: readonly Candidate[], results: readonly NameResult[]): NameResult {
  if (results.length === 0) return nobodyToAsk();
  const asIsFirst = names[0]?.asIs === true && names.length > 1;
  const told = asIsFirst
    ? results[0]!
    : (results.find(({ kind }) => kind === 'nodata') ??
      results.find(({ kind }) => kind === 'servfail') ??
      results.at(-1)!);
  const others = results.filter((result) => result !== told);
  return { ...precededBy(others, told), queries: results.flatMap(({ queries }) => queries) };
}

interface Try {
  readonly server: IP | undefined;
  readonly timeout: Duration;
}

/** Servers in order, for each of the attempts, with the time that each is given. */
function triesOf(request: LookupRequest): Try[] {
  const { conf } = request;
  if (conf.isNodes) return [{ server: undefined, timeout: ZERO }];
  const attempts = Math.max(1, numberOption(conf, 'attempts', ATTEMPTS, ATTEMPTS_MAX));
  const first = timeoutOf(request, TIMEOUT_SECONDS_MAX);
  const count = conf.nameservers.length;
  const round = conf.nameservers.map((server, index): Try => {
    const wholeSeconds = Math.floor((first * 2 ** index) / count / seconds(1));
    return { server, timeout: index === 0 ? first : seconds(Math.max(1, wholeSeconds)) };
  });
  return Array.from({ length: attempts }, () => round).flat();
}

/** Asks for one name. The sockets stay open over the attempts, and so do the paths behind them. */
function askForName(request: LookupRequest, name: string): NameResult[] {
  const tries = triesOf(request);
  if (tries.length === 0) return [nobodyToAsk()];
  return attempt({ request, name, tries }, 0, new Map(), [], CERTAIN);
}

interface Asking {
  readonly request: LookupRequest;
  readonly name: string;
  readonly tries: readonly Try[];
}

function attempt(
  asking: Asking,
  index: number,
  sockets: ReadonlyMap<IP | undefined, Reply>,
  before: readonly NameResult[],
  probability: Ratio,
): NameResult[] {
  const { request, name, tries } = asking;
  const current = tries[index]!;
  const questions = questionsFor(name, request);
  const open = sockets.get(current.server);
  const replies = open === undefined ? repliesOf(request, current.server, questions) : [open];
  return replies.flatMap((reply) => {
    const share = open === undefined ? multiply(probability, reply.probability) : probability;
    const result = read(reply, current, asQueries(questions, 1));
    const tried = [...before, result];
    const isLast = index + 1 === tries.length;
    if (isDecided(result) || isLast) return [{ ...summed(tried), probability: share }];
    const opened = new Map([...sockets, [current.server, reply] as const]);
    return attempt(asking, index + 1, opened, tried, share);
  });
}

/** Answers decide; errors and silence send the resolver on to its next try. */
function isDecided({ kind }: NameResult): boolean {
  return kind === 'found' || kind === 'nodata' || kind === 'nxdomain' || kind === 'not-modelled';
}

function summed(tried: readonly NameResult[]): NameResult {
  // Silence anywhere weighs more than a socket error: only if every try failed at once does the
  // resolver give up at once.
  const last = tried.at(-1)!;
  const silent = tried.find(({ kind }) => kind === 'timeout');
  const told = last.kind === 'unreachable' && silent !== undefined ? silent : last;
  return {
    ...told,
    took: tried.reduce<number>((sum, { took }) => sum + took, 0) as Duration,
    queries: tried.flatMap(({ queries }) => queries),
  };
}

function read(reply: Reply, { server, timeout }: Try, queries: readonly string[]): NameResult {
  const { probability, traces, answers } = reply;
  const kind = reply.kind === 'found' ? kindOf(reply) : reply.kind;
  const took = kind === 'timeout' ? timeout : ZERO;
  return { probability, kind, took, server, traces, ...addressesIn(answers), queries };
}

function kindOf({ answers }: Reply): NameResult['kind'] {
  if (answers.some(hasAddress)) return 'found';
  if (answers.some(({ rcode }) => rcode === 'SERVFAIL')) return 'servfail';
  if (answers.some(({ rcode }) => rcode === 'REFUSED')) return 'refused';
  return answers.some(({ rcode }) => rcode === 'NOERROR') ? 'nodata' : 'nxdomain';
}
