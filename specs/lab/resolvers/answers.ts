// What the nameservers of a scenario say: the answers of a modelled CoreDNS, or the mishap that the
// scenario wants instead. The model's client and the real one are given the same.

import { ip } from '../../../src/values/ip';
import type { ExternalSpec } from '../../../src/values/cluster-spec';
import { CERTAIN } from '../../../src/values/ratio';
import { milliseconds } from '../../../src/values/time';
import { emptyReply } from '../../../src/workloads/dns-message';
import { coursesOf, upstreamOf } from '../../../src/workloads/index';
import type { DnsReply, DnsTransport, Question } from '../../../src/workloads/index';
import { DnsWorld } from '../../workloads/dns-world';
import type { Fate, Nameserver, Scenario } from './scenarios';
import { sizeOf } from './wire';

/** How long every server takes, so that what follows an answer can be told from what does not. */
const DELAY = milliseconds(20);
/** What a client takes over UDP without saying so. */
const UDP_SIZE = 512;

/** Neither a cache nor chance: the same question has the same answer, always. */
const COREFILE = `.:53 {
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    ttl 30
  }
  forward . 192.0.2.53
}`;

const WORLD: readonly ExternalSpec[] = [
  { name: 'www', address: ip('203.0.113.5'), listen: [], names: ['www.example.com'] },
  { name: 'www6', address: ip('2001:db8::5'), listen: [], names: ['www.example.com'] },
];

let known: DnsWorld | undefined;

/** The cluster whose names are looked up. */
function cluster(): DnsWorld {
  if (known !== undefined) return known;
  const internet = upstreamOf(WORLD);
  const world = new DnsWorld(COREFILE, {
    askUpstream: (_, { question }) => [{ probability: CERTAIN, value: internet(question) }],
  });
  world.put('Namespace', 'v1', { metadata: { name: 'other' } });
  world.service('web', { clusterIP: '10.96.0.20' });
  world.service('both', {
    clusterIPs: ['10.96.0.21', 'fd00:10:96::15'],
    clusterIP: '10.96.0.21',
    ipFamilies: ['IPv4', 'IPv6'],
    ipFamilyPolicy: 'RequireDualStack',
  });
  world.service('elsewhere', { type: 'ExternalName', externalName: 'www.example.com' });
  world.service('alias', { type: 'ExternalName', externalName: 'both.shop.svc.cluster.local' });
  world.service('dangling', { type: 'ExternalName', externalName: 'no.shop.svc.cluster.local' });
  headless(world, 'quarter', 24);
  headless(world, 'more', 25);
  headless(world, 'many', 47);
  const spec = { ports: [{ port: 80, protocol: 'TCP' }], clusterIP: '10.96.0.30' };
  world.put('Service', 'v1', { metadata: { name: 'api', namespace: 'other' }, spec });
  return (known = world);
}

function headless(world: DnsWorld, name: string, count: number): void {
  world.service(name, { clusterIP: 'None' });
  const endpoints = Array.from({ length: count }, (_, index) => {
    return { addresses: [`10.244.1.${index + 2}`], conditions: { ready: true } };
  });
  world.slice(name, endpoints);
}

/** What comes of a question: a reply, silence, or an ICMP error for want of a listener. */
export type Response = DnsReply | 'silence' | 'closed';

/** The nameservers of one run of a scenario, which remember what they have been asked. */
export class Nameservers {
  private readonly servers: readonly Nameserver[];
  private readonly counts = new Map<string, number>();

  constructor({ servers }: Scenario) {
    this.servers = servers ?? [() => 'answer'];
  }

  get count(): number {
    return this.servers.length;
  }

  listens(index: number, transport: DnsTransport): boolean {
    const server = this.servers[index];
    return server !== 'closed' && !(server === 'closed to TCP' && transport === 'TCP');
  }

  /** The response of the `index`-th server. */
  respond(index: number, transport: DnsTransport, question: Question, udpSize: number): Response {
    if (!this.listens(index, transport)) return 'closed';
    const server = this.servers[index];
    const key = `${index} ${transport} ${question.name} ${question.type}`;
    const before = this.counts.get(key) ?? 0;
    this.counts.set(key, before + 1);
    const fate = typeof server === 'function' ? server(question, before, transport) : 'answer';
    if (fate === 'drop') return 'silence';
    const reply = replyOf(fate, transport, question, udpSize);
    return { ...reply, delay: DELAY };
  }
}

function replyOf(
  fate: Exclude<Fate, 'drop'>,
  transport: DnsTransport,
  question: Question,
  udpSize: number,
): DnsReply {
  if (fate === 'empty') return emptyReply('NOERROR', true);
  if (fate !== 'answer') return emptyReply(fate);
  const { dns, kernel } = cluster();
  const client = ip('10.244.1.9');
  const asked = { question, client, transport, udpSize, clock: kernel, real: false, depth: 0 };
  const [course] = coursesOf((choose) => dns.answer({ ...asked, choose }));
  const limit = transport === 'TCP' ? Infinity : Math.max(UDP_SIZE, udpSize);
  return cutTo(limit, question, course!.value);
}

/** Cuts on for as long as the octets are too many: names are not compressed here. */
function cutTo(limit: number, question: Question, reply: DnsReply): DnsReply {
  let cut = reply;
  while (sizeOf(question, cut) > limit) {
    cut = { ...cut, answers: cut.answers.slice(0, -1), truncated: true };
  }
  return cut;
}
