// The resolver of musl, as in Alpine images: every server at once, the first answer counts, no
// patience with errors.
// source: musl src/network/{lookup_name,res_msend,resolvconf}.c; measured with 1.2.5

import { CERTAIN, multiply } from '../values/ratio';
import { ZERO } from '../values/time';
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
const ATTEMPTS_MAX = 10;
const TIMEOUT_SECONDS_MAX = 60;
/** A SERVFAIL is answered by asking again at once, this often in each attempt. */
const SERVFAIL_RETRIES = 2;

/** Every way that a lookup can go. Only names that do not exist lead on along the search list. */
export function lookupMusl(request: LookupRequest): NameResult[] {
  const all = candidates(request);
  // With enough dots the name is taken as it stands, and the search list is never tried.
  const names = all[0]?.asIs === true ? all.slice(0, 1) : all;
  return walk(
    request,
    names.map(({ name }) => name),
    [],
  );
}

function walk(
  request: LookupRequest,
  names: readonly string[],
  before: readonly NameResult[],
): NameResult[] {
  const [name, ...rest] = names;
  if (name === undefined) return [nobodyToAsk()];
  return askForName(request, name).flatMap((result) => {
    if (result.kind !== 'nxdomain' || rest.length === 0) return [precededBy(before, result)];
    return walk(request, rest, [...before, result]);
  });
}

function askForName(request: LookupRequest, name: string): NameResult[] {
  const servers = request.conf.isNodes ? [undefined] : request.conf.nameservers;
  if (servers.length === 0) return [nobodyToAsk()];
  const questions = questionsFor(name, request);
  const replies = servers.map((server) =>
    repliesOf(request, server, questions).map((reply) => ({ server, reply })),
  );
  return combinations(replies).map((chosen) => decide(request, name, chosen));
}

interface ServerReply {
  readonly server: LookupRequest['conf']['nameservers'][number] | undefined;
  readonly reply: Reply;
}

/** One reply of each server, in every combination. */
function combinations(replies: readonly (readonly ServerReply[])[]): ServerReply[][] {
  return replies.reduce<ServerReply[][]>(
    (chosen, ways) => chosen.flatMap((before) => ways.map((way) => [...before, way])),
    [[]],
  );
}

/** The first server that gives a final answer decides; without one the resolver waits in vain. */
function decide(request: LookupRequest, name: string, replies: readonly ServerReply[]): NameResult {
  const probability = replies.reduce((p, { reply }) => multiply(p, reply.probability), CERTAIN);
  const kinds = replies.map(({ reply }) => kindOf(reply));
  const decided = kinds.findIndex((kind) => kind !== 'timeout' && kind !== 'servfail');
  const isOpen = decided < 0;
  const failed = Math.max(0, kinds.indexOf('servfail'));
  const { server, reply } = replies[isOpen ? failed : decided]!;
  const kind = kinds[isOpen ? failed : decided]!;
  const attempts = Math.max(1, numberOption(request.conf, 'attempts', ATTEMPTS, ATTEMPTS_MAX));
  const repeats = kind === 'servfail' ? attempts * (1 + SERVFAIL_RETRIES) : attempts;
  return {
    probability,
    kind,
    took: isOpen ? timeoutOf(request, TIMEOUT_SECONDS_MAX) : ZERO,
    server,
    traces: reply.traces,
    ...addressesIn(reply.answers),
    queries: asQueries(questionsFor(name, request), isOpen ? repeats : 1),
  };
}

/**
 * An error in either answer spoils both. ICMP errors are not noticed, nor is REFUSED an answer.
 */
function kindOf({ kind, answers }: Reply): NameResult['kind'] {
  if (kind === 'unreachable') return 'timeout';
  if (kind !== 'found') return kind;
  if (answers.some(({ rcode }) => rcode === 'SERVFAIL')) return 'servfail';
  if (answers.some(({ rcode }) => rcode === 'REFUSED')) return 'timeout';
  if (answers.some(({ rcode }) => rcode === 'NXDOMAIN')) return 'nxdomain';
  return answers.some(hasAddress) ? 'found' : 'nodata';
}
