// Programs that ask for the name as it was said, without a search list or a hosts file: c-ares, as
// in `dns.resolve4` of Node, and dig.
// source: measured with Node 20 (c-ares 1.2x) and dig 9.18; c-ares src/lib/ares_process.c;
// bind9 bin/dig/dighost.c (setup_system, recv_done), lib/irs/resconf.c

import { seconds } from '../values/time';
import type { Duration } from '../values/time';
import type { DnsReply } from './dns-message';
import { EDNS_SIZE } from './dns-size';
import type { Course, LookupRequest, Socket } from './lookup';
import {
  hasAnswer,
  NOBODY_TO_ASK,
  numberOption,
  reasonOf,
  serversOf,
  timeoutOf,
} from './lookup-result';
import type { NameResult, ResultKind } from './lookup-result';

interface Profile {
  /** The tries, one after the other: at which of so many servers, and how long each waits. */
  tries(request: LookupRequest, servers: number): readonly Try[];
  /** The size that it offers by EDNS; 0 without. */
  readonly udpSize: number;
  /** Whether all tries leave from one socket. */
  readonly keepsSocket: boolean;
  /** Whether a server that fails or refuses is an answer. */
  readonly takesErrors: boolean;
}

interface Try {
  readonly server: number;
  readonly patience: Duration;
}

/** c-ares asks again after about 3, 4 and 5 s, and gives up 9 s after that. */
const C_ARES: Profile = {
  tries: (_, servers) =>
    [3, 4, 5, 9].map((it, index) => ({ server: index % servers, patience: seconds(it) })),
  // Node sets flags of its own, and EDNS is not among them (src/cares_wrap.cc).
  udpSize: 0,
  keepsSocket: true,
  takesErrors: false,
};

const DIG_ATTEMPTS = 3;

/** dig spends all its attempts on the first server, and asks each of the others once. */
const DIG: Profile = {
  tries: (request, servers) => {
    const { conf } = request;
    const attempts = numberOption(conf, 'attempts', DIG_ATTEMPTS, 255) || DIG_ATTEMPTS;
    const patience = timeoutOf(request, 65_535);
    const first = Array.from({ length: attempts }, () => ({ server: 0, patience }));
    const others = Array.from({ length: servers - 1 }, (_, index) => {
      return { server: index + 1, patience };
    });
    return [...first, ...others];
  },
  udpSize: EDNS_SIZE,
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
  const { udpSize } = profile;
  const kept = new Map<number, Socket>();
  let result = NOBODY_TO_ASK;
  for (const [turn, { server: index, patience }] of profile
    .tries(request, servers.length)
    .entries()) {
    const server = servers[index];
    const last = result;
    course.beforeTry(() => {
      const open = profile.keepsSocket ? kept.values() : [];
      return { open, more: [turn, course.told(last)] };
    });
    const socket = (profile.keepsSocket ? kept.get(index) : undefined) ?? course.socket('UDP');
    kept.set(index, socket);
    let used = socket;
    let arrival = course.ask(socket, server, question, { udpSize });
    if (arrival.reaction.kind === 'reply' && arrival.reaction.reply.truncated) {
      course.now = arrival.at;
      used = course.socket('TCP');
      arrival = course.ask(used, server, question, { udpSize });
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
