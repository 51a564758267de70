// A CoreDNS whose upstreams say what the spec tells them to, and that remembers whom it asked.

import { ip } from '../../../src/values/ip';
import { CERTAIN } from '../../../src/values/ratio';
import { seconds } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import type { Exchanged, Upstream } from '../../../src/workloads/coredns/plugin';
import type { ServerGround } from '../../../src/workloads/coredns/server';
import { emptyReply } from '../../../src/workloads/dns-message';
import { parseRecord } from '../../../src/workloads/dns-text';
import { coursesOf } from '../../../src/workloads/index';
import type {
  DnsReply,
  DnsTransport,
  ResourceRecord,
  Weighted,
} from '../../../src/workloads/index';
import { DnsWorld } from '../dns-world';

/** What an upstream says to a question about `name`. */
export type Script = (name: string, server: string, transport: DnsTransport) => Exchanged;

export class UpstreamWorld extends DnsWorld {
  /** `server:port transport name` of every exchange, in order. */
  readonly asked: string[];
  /** What the upstreams say from now on. */
  script: Script;

  constructor(lines: string, script: Script, ground: Partial<ServerGround> = {}) {
    const asked: string[] = [];
    const self: { said: Script } = { said: script };
    super(`.:53 {\n${lines}\n}\n`, {
      askUpstream: (server, { question, transport }) => {
        const text = textOf(server);
        asked.push(`${text} ${transport} ${question.name}`);
        return [{ probability: CERTAIN, value: self.said(question.name, text, transport) }];
      },
      ...ground,
    });
    this.asked = asked;
    this.script = script;
    self.said = (...question) => this.script(...question);
  }

  /** Every course of one question over a transport. */
  courses(name: string, transport: DnsTransport = 'UDP'): readonly Weighted<DnsReply>[] {
    const request = {
      question: { name, type: 'A' },
      client: ip('10.244.1.9'),
      transport,
      udpSize: 4_096,
      clock: { now: seconds(0) as number as Instant },
      real: true,
      depth: 0,
    } as const;
    return coursesOf((choose) => this.dns.answer({ ...request, choose }));
  }
}

function textOf(server: Upstream): string {
  return server === 'node' ? 'node' : `${server.address}:${server.port}`;
}

/** Records in the text of zone files. */
export function records(...lines: readonly string[]): ResourceRecord[] {
  return lines.map((line) => {
    const record = parseRecord(line, '');
    if (record === undefined) throw new Error(`${line} is no record`);
    return record;
  });
}

/** A positive reply. */
export function says(...lines: readonly string[]): DnsReply {
  return { ...emptyReply('NOERROR'), recursive: true, answers: records(...lines) };
}

/** A denial with the SOA of its zone. */
export function denies(rcode: 'NXDOMAIN' | 'NOERROR', ttl: number, minimum = ttl): DnsReply {
  const soa = `example. ${ttl} IN SOA ns.example. root.example. 1 7200 1800 86400 ${minimum}`;
  return { ...emptyReply(rcode), authority: records(soa) };
}
