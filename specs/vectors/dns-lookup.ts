// Lookups of a process: the resolver of its C library against the server of the group, with the
// faults that the question lists.

import { parseIp } from '../../src/values/ip';
import type { IP } from '../../src/values/ip';
import { CERTAIN, NEVER } from '../../src/values/ratio';
import { seconds } from '../../src/values/time';
import { emptyReply } from '../../src/workloads/dns-message';
import type { DnsReply } from '../../src/workloads/dns-message';
import type { LookupRequest, Reaction } from '../../src/workloads/lookup';
import { dataIn } from '../../src/workloads/lookup-result';
import type { ResultKind } from '../../src/workloads/lookup-result';
import { hostsFrom, parseResolvConf } from '../../src/workloads/resolv-conf';
import { localAddresses, lookUpInTurn } from '../../src/workloads/resolver';
import type { LookupCourse } from '../../src/workloads/resolver';
import { DnsVectorWorld } from './dns-world';
import type { Answer, Question } from './vector-file';

interface Fault {
  readonly do: string;
  readonly name?: string;
  readonly type?: string;
  readonly server?: string;
  readonly proto?: string;
  readonly times?: number;
}

interface Lookup {
  readonly name: string | readonly string[];
  readonly libc: string;
  readonly family?: 'inet' | 'inet6';
  readonly resolv: {
    readonly nameservers?: readonly string[];
    readonly search?: readonly string[];
    readonly options?: readonly string[];
  };
  readonly hosts?: readonly string[];
  readonly faults?: readonly Fault[];
}

/** Milliseconds by which a measured time may differ. */
const TOLERANCE = 100;

export function lookup(question: Question): Answer {
  const ask = question.ask['lookup'] as Lookup;
  const world = new DnsVectorWorld(question);
  const faults = (ask.faults ?? []).map((fault) => ({ fault, left: fault.times ?? Infinity }));
  const names = [ask.name].flat();
  const courses = names.map((name) => requestOf(ask, name, world, faults));
  const asked = courses.filter((request) => localAddresses(request) === undefined);
  const went = lookUpInTurn(asked, (options) => options[0]!.value);
  return { is: describe(ask, courses, went, question.expect) };
}

function requestOf(
  ask: Lookup,
  name: string,
  world: DnsVectorWorld,
  faults: readonly { readonly fault: Fault; left: number }[],
): LookupRequest {
  const { nameservers = [], search = [], options = [] } = ask.resolv;
  const text = [
    ...nameservers.map((it) => `nameserver ${it}`),
    `options ${options.join(' ')}`,
  ].join('\n');
  const hosts = (ask.hosts ?? []).flatMap((line) => {
    const [address = '', ...hostNames] = line.split(/\s+/);
    return [{ address: parseIp(address)!, names: hostNames }];
  });
  return {
    name,
    types: typesOf(ask),
    conf: { ...parseResolvConf(text)!, search },
    hosts: hostsFrom(hosts),
    libc: ask.libc,
    open: (server, transport) => [
      {
        probability: CERTAIN,
        value: {
          trace: undefined,
          ask: (it, udpSize) => {
            const asked = { ...it, transport, udpSize };
            return [{ probability: CERTAIN, value: react(world, faults, server, asked) }];
          },
        },
      },
    ],
    timeout: seconds(5),
    connectTimeout: seconds(127),
    race: NEVER,
  };
}

function typesOf({ family, libc }: Lookup): readonly string[] {
  if (family === 'inet6') return ['AAAA'];
  return family === 'inet' || libc === 'c-ares' || libc === 'dig' ? ['A'] : ['A', 'AAAA'];
}

type Asked = Parameters<DnsVectorWorld['ask']>[0];

function react(
  world: DnsVectorWorld,
  faults: readonly { readonly fault: Fault; left: number }[],
  server: IP | undefined,
  asked: Asked,
): Reaction {
  const hit = faults.find(({ fault, left }) => left > 0 && meets(fault, server, asked));
  if (hit === undefined) return { kind: 'reply', reply: world.ask(asked) };
  hit.left--;
  switch (hit.fault.do) {
    case 'drop':
      return { kind: 'lost', reason: 'dropped' };
    case 'unreachable':
      return { kind: 'unreachable', reason: 'port unreachable' };
    case 'truncate':
      return { kind: 'reply', reply: { ...emptyReply('NOERROR'), truncated: true } };
    case 'nodata':
      return { kind: 'reply', reply: emptyReply('NOERROR') };
    default:
      return { kind: 'reply', reply: emptyReply(hit.fault.do.toUpperCase() as DnsReply['rcode']) };
  }
}

function meets(fault: Fault, server: IP | undefined, asked: Asked): boolean {
  const isName = fault.name === undefined || fault.name.replace(/\.$/, '') === asked.name;
  const isType = fault.type === undefined || fault.type === asked.type;
  const isServer = fault.server === undefined || parseIp(fault.server) === server;
  const isProto = fault.proto === undefined || fault.proto === asked.transport?.toLowerCase();
  return isName && isType && isServer && isProto;
}

const RESULTS: Readonly<Record<ResultKind, string>> = {
  found: 'ok',
  nodata: 'nodata',
  nxdomain: 'nxdomain',
  servfail: 'again',
  refused: 'again',
  timeout: 'again',
  unreachable: 'again',
  'not-modelled': 'not modelled',
};

function describe(
  ask: Lookup,
  requests: readonly LookupRequest[],
  went: readonly LookupCourse[],
  expected: Question['expect'],
): Readonly<Record<string, unknown>> {
  const sent = went.flatMap((course) => course.sent);
  const last = requests.at(-1)!;
  const local = localAddresses(last);
  const final = went.at(-1);
  const took = went.map((course) => course.took / 1_000);
  return {
    queries: inOrder(
      sent.map(({ question: { name, type } }) => `${name}. ${type}`),
      expected['queries'],
    ),
    sent: inOrder(
      sent.map(({ at, server, transport, socket }, index) => {
        const proto = transport.toLowerCase();
        const want = (expected['sent'] as { at?: number }[] | undefined)?.[index]?.at;
        return { at: near(at / 1_000, want), server, proto, socket };
      }),
      undefined,
    ),
    result: local !== undefined ? 'ok' : resultOf(ask, final),
    addresses: local?.addresses ?? (final?.result.kind === 'found' ? addressesOf(final, last) : []),
    ms: Array.isArray(ask.name)
      ? took.map((ms, index) => near(ms, (expected['ms'] as number[] | undefined)?.[index]))
      : near(took[0] ?? 0, expected['ms'] as number | undefined),
  };
}

function resultOf({ libc }: Lookup, course: LookupCourse | undefined): string {
  if (course === undefined) return 'ok';
  const { kind } = course.result;
  // These tell silence from other failures.
  const tells = libc === 'c-ares' || libc === 'dig';
  return kind === 'timeout' && tells ? 'timeout' : RESULTS[kind];
}

function addressesOf(course: LookupCourse, request: LookupRequest): readonly string[] {
  return dataIn(course.result.replies, request.types).answers;
}

function near(is: number, want: number | undefined): number {
  return want !== undefined && Math.abs(is - want) <= TOLERANCE ? want : is;
}

/** Lists are compared as sets; where the order is wrong, say so. */
function inOrder<T>(is: readonly T[], expected: unknown): readonly unknown[] {
  if (!Array.isArray(expected) || expected.length !== is.length) return is;
  const isSame = is.every((item, index) => item === expected[index]);
  return isSame ? is : ['out of order', ...is];
}
