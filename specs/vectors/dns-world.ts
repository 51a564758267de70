// The world of a group of DNS questions: objects as they are given, one CoreDNS that knows them,
// and behind it the servers that the group describes.

import { KindAdmission } from '../../src/apiserver/admission';
import { ApiServer } from '../../src/apiserver/api-server';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import { parseIp } from '../../src/values/ip';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import { CERTAIN } from '../../src/values/ratio';
import type { Instant } from '../../src/values/time';
import type { DnsRequest, Exchanged } from '../../src/workloads/coredns/plugin';
import { CoreDns } from '../../src/workloads/coredns/server';
import { parseCorefile } from '../../src/workloads/corefile';
import { coursesOf } from '../../src/workloads/courses';
import { emptyReply, isSameName, isWithin } from '../../src/workloads/dns-message';
import type { DnsReply, DnsTransport } from '../../src/workloads/dns-message';
import { parseRecord } from '../../src/workloads/dns-text';
import { DnsView } from '../../src/workloads/dns-view';
import { USUAL_DELAY } from '../workloads/usual-delay';
import type { Question } from './vector-file';
import type { ClusterSpec } from '../../src/values/cluster-spec';

const SPEC = {
  kubernetes: NEWEST_VERSION,
  serviceCIDRs: ['10.96.0.0/16'],
  ipFamilies: ['IPv4'],
} as unknown as ClusterSpec;

interface UpstreamState {
  readonly records?: readonly string[];
  readonly rcode?: DnsReply['rcode'];
  readonly silent?: boolean;
}

interface DnsSettings {
  readonly corefile?: string;
  /** These three repeat what the Corefile says, and stand for it where there is none. */
  readonly zone?: string;
  readonly pods?: string;
  readonly ttl?: number;
  readonly addresses?: readonly string[];
  readonly synced?: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly upstream?: UpstreamState & {
    readonly truncated?: readonly string[];
    readonly timeline?: readonly (UpstreamState & { readonly at: number })[];
  };
}

export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  readonly from?: string;
  readonly transport?: DnsTransport;
  readonly udpSize?: number;
}

export class DnsVectorWorld {
  /** How often a server behind this one was asked. */
  upstreamQueries = 0;
  private readonly server: CoreDns;
  private readonly settings: DnsSettings;
  private now = 0 as Instant;

  constructor({ cluster, objects }: Question) {
    this.settings = cluster['dns'] ?? {};
    const kernel = new Kernel(1);
    const timing = new Timing({ kubernetes: NEWEST_VERSION, profile: 'instant' }, kernel.random);
    const admission = new KindAdmission({ kernel, timing, spec: SPEC });
    const api = new ApiServer(kernel, timing, admission);
    const view = new DnsView(api, 'coredns');
    // Objects are taken as they are: nothing is completed, allocated or refused.
    for (const object of objects) api.store.put(object, kernel.now, -1);
    const { addresses = [], files = {}, synced = true } = this.settings;
    const { corefile = corefileOf(this.settings) } = this.settings;
    this.server = new CoreDns(parseCorefile(corefile), {
      view,
      delay: USUAL_DELAY,
      addresses: () => addresses.flatMap((it) => parseIp(it) ?? []),
      readFile: (path) => files[path],
      resolvers: ['node'],
      search: [],
      askUpstream: (_server, request) => [
        { probability: CERTAIN, value: this.askUpstream(request) },
      ],
    });
    if (synced) view.sync();
  }

  /** Asks at an instant, in milliseconds. */
  ask(question: DnsQuestion, at = 0): DnsReply {
    this.now = (at * 1_000) as Instant;
    const { name, type, from = '', transport = 'UDP', udpSize = 4_096 } = question;
    const courses = coursesOf((choose) =>
      this.server.answer({
        question: { name: name.replace(/\.$/, ''), type },
        client: parseIp(from),
        transport,
        udpSize,
        clock: { now: this.now },
        real: true,
        choose,
        depth: 0,
      }),
    );
    return courses[0]!.value;
  }

  private askUpstream({ question, transport }: DnsRequest): Exchanged {
    this.upstreamQueries++;
    const { upstream = {} } = this.settings;
    const past = (upstream.timeline ?? []).filter(({ at }) => at * 1_000 <= this.now);
    const state: UpstreamState = past.at(-1) ?? upstream;
    if (state.silent === true) return 'silent';
    if (state.rcode !== undefined) return emptyReply(state.rcode);
    const { name, type } = question;
    const isCut = (upstream.truncated ?? []).some((it) => {
      const [owner = '', wanted] = it.split(' ');
      return isSameName(owner.replace(/\.$/, ''), name) && wanted === type;
    });
    if (isCut && transport === 'UDP') return { ...emptyReply('NOERROR'), truncated: true };
    return lookUp(state.records ?? [], name, type);
  }
}

function corefileOf({ zone = 'cluster.local', pods = 'disabled', ttl = 5 }: DnsSettings): string {
  const kubernetes = [`kubernetes ${zone} in-addr.arpa ip6.arpa {`, `pods ${pods}`, `ttl ${ttl}`];
  return ['. {', ...kubernetes, '}', 'forward . /etc/resolv.conf', '}'].join('\n');
}

/** What a resolver that knows these records says. */
function lookUp(lines: readonly string[], name: string, type: string): DnsReply {
  const records = lines.flatMap((line) => parseRecord(line, '') ?? []);
  const answers: DnsReply['answers'][number][] = [];
  let owner = name;
  for (let step = 0; step < 10; step++) {
    const own = records.filter((it) => isSameName(it.name, owner));
    const fitting = own.filter((it) => it.type === type);
    answers.push(...fitting);
    const alias = own.find((it) => it.type === 'CNAME');
    if (fitting.length > 0 || alias === undefined) break;
    answers.push(alias);
    owner = alias.data;
  }
  const base = { ...emptyReply('NOERROR'), recursive: true };
  const isFound = answers.some((it) => it.type === type);
  if (isFound) return { ...base, answers };
  const authority = records.filter((it) => it.type === 'SOA' && isWithin(owner, it.name));
  const exists =
    answers.length > 0 ||
    records.some((it) => {
      return it.type !== 'SOA' && isSameName(it.name, owner);
    });
  return { ...base, answers, authority, rcode: exists ? 'NOERROR' : 'NXDOMAIN' };
}
