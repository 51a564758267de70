// Programs that ask for the name as it was said, without a search list or a hosts file: c-ares, as
// in `dns.resolve4` of Node, and dig.
// source: measured with Node 20 (c-ares 1.2x) and dig 9.18; c-ares src/lib/ares_process.c;
// bind9 bin/dig/dighost.c

import { seconds } from '../values/time';
import type { Duration } from '../values/time';
import type { DnsReply } from './dns-message';
import { EDNS_SIZE } from './dns-size';
import type { Course, LookupRequest, Socket } from './lookup';
import { hasAnswer, NOBODY_TO_ASK, reasonOf, serversOf } from './lookup-result';
import type { NameResult, ResultKind } from './lookup-result';

interface Profile {
  /** How long each try waits; one after the other, each at the next server. */
  readonly patience: readonly Duration[];
  /** Whether all tries leave from one socket. */
  readonly keepsSocket: boolean;
  /** Whether a server that fails or refuses is an answer. */
  readonly takesErrors: boolean;
}

/** c-ares asks again after about 3, 4 and 5 s, and gives up 9 s after that. */
const C_ARES: Profile = {
  patience: [3, 4, 5, 9].map((it) => seconds(it)),
  keepsSocket: true,
  takesErrors: false,
};

const DIG: Profile = {
  patience: [5, 5, 5].map((it) => seconds(it)),
  keepsSocket: false,
  takesErrors: true,
};

export function lookUpCAres(course: Course, request: LookupRequest): NameResult {
  return lookUp(course, request, C_ARES);
}

export function lookUpDig(course: Course, request: LookupRequest): NameResult {
  return lookUp(course, request, DIG);
}

function lookUp(course: Course, request: LookupRequest, profile: Profile): NameResult {
  const servers = serversOf(request);
  if (servers.length === 0) return NOBODY_TO_ASK;
  const name = request.name.replace(/\.$/, '');
  const question = { name, type: request.types[0] ?? 'A' };
  const kept = new Map<number, Socket>();
  let result = NOBODY_TO_ASK;
  for (const [attempt, patience] of profile.patience.entries()) {
    const index = attempt % servers.length;
    const server = servers[index];
    const socket = (profile.keepsSocket ? kept.get(index) : undefined) ?? course.socket('UDP');
    kept.set(index, socket);
    let used = socket;
    let arrival = course.ask(socket, server, question, { udpSize: EDNS_SIZE });
    if (arrival.reaction.kind === 'reply' && arrival.reaction.reply.truncated) {
      course.now = arrival.at;
      used = course.socket('TCP');
      arrival = course.ask(used, server, question);
    }
    const { reaction } = arrival;
    const isLost = reaction.kind === 'lost' || arrival.at - course.now > patience;
    course.now = isLost ? ((course.now + patience) as Duration) : arrival.at;
    const replies = reaction.kind === 'reply' && !isLost ? [reaction.reply] : [];
    const kind = kindOf(replies[0], question.type, isLost ? 'lost' : reaction.kind);
    const traces = course.tracesOf(used, server);
    result = { kind, server, traces, replies, reason: reasonOf([arrival]) };
    if (kind === 'not-modelled') return result;
    const isError = kind === 'servfail' || kind === 'refused';
    if (replies.length > 0 && (!isError || profile.takesErrors)) return result;
  }
  return result;
}

function kindOf(reply: DnsReply | undefined, type: string, reaction: string): ResultKind {
  if (reply === undefined) {
    if (reaction === 'unreachable' || reaction === 'not-modelled') return reaction;
    return 'timeout';
  }
  switch (reply.rcode) {
    case 'NOERROR':
      return hasAnswer(reply, type) ? 'found' : 'nodata';
    case 'NXDOMAIN':
      return 'nxdomain';
    case 'SERVFAIL':
      return 'servfail';
    default:
      return 'refused';
  }
}
