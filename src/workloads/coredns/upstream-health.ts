// What `forward` remembers of one upstream: whether it is taken to be down. A check begins after a
// failed exchange, and goes on until the upstream answers.
// source: coredns plugin/pkg/proxy/{proxy,health}.go, plugin/pkg/up/up.go

import { noteReading } from '../../kernel/readings';
import type { Readable } from '../../kernel/readings';
import { ZERO } from '../../values/time';
import type { Duration } from '../../values/time';
import type { DnsTransport } from '../dns-message';
import type { Exchanged, Upstream } from './plugin';

/** How `forward` checks upstreams (`max_fails`, `health_check`). */
export interface HealthOptions {
  /** More failed checks than this mean that it is down; zero switches checks off. */
  maxFails: number;
  interval: Duration;
  /** How long a check waits for its answer. */
  readonly timeout: Duration;
  /** The name whose NS records are asked for. */
  domain: string;
}

export class UpstreamHealth implements Readable {
  readonly upstream: Upstream;
  readonly transport: DnsTransport;
  private readonly options: HealthOptions;
  private fails = 0;
  private isChecking = false;

  constructor(upstream: Upstream, transport: DnsTransport, options: HealthOptions) {
    this.upstream = upstream;
    this.transport = transport;
    this.options = options;
  }

  get domain(): string {
    return this.options.domain;
  }

  get isDown(): boolean {
    noteReading(this, 'down');
    return this.options.maxFails > 0 && this.fails > this.options.maxFails;
  }

  standing(): number {
    return this.fails;
  }

  /** An exchange failed. True where checks have to begin. */
  suspect(): boolean {
    if (this.options.maxFails === 0 || this.isChecking) return false;
    this.isChecking = true;
    return true;
  }

  /** The answer to a check, once it is there or given up. Returns when to check again, if ever. */
  learn(answer: Exchanged): Duration | undefined {
    if (typeof answer === 'object' && answer.delay <= this.options.timeout) {
      // Any header will do, whatever it says.
      this.fails = 0;
      this.isChecking = false;
      return undefined;
    }
    this.fails++;
    return this.options.interval;
  }

  /** How long it takes until a check knows. */
  checkTime(answer: Exchanged): Duration {
    const { timeout } = this.options;
    if (answer === 'unreachable') return ZERO;
    return answer === 'silent' || answer.delay > timeout ? timeout : answer.delay;
  }
}
