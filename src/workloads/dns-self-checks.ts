// What a CoreDNS process does without being asked: it looks once whether its questions come back
// to it, and asks upstreams that have failed whether they live again. Each check goes one way, by
// chance, as a packet does.
// source: coredns plugin/loop/{setup,loop}.go (OnStartup, exchange), plugin/pkg/proxy/health.go

import type { EventKind } from '../kernel/event-queue';
import type { Kernel } from '../kernel/kernel';
import { Phase } from '../kernel/phase';
import type { ObjectKey } from '../values/kube-object';
import { seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';
import type { AskUpstream, DnsRequest, Exchanged } from './coredns/plugin';
import type { CoreDns } from './coredns/server';
import type { UpstreamHealth } from './coredns/upstream-health';
import { drawnBy } from './courses';

/** One configuration of one process: what was begun for an earlier one is void. */
export interface Instance {
  readonly pod: ObjectKey;
  /** Names the configuration in events: no other one has this name. */
  readonly id: string;
  readonly dns: CoreDns;
  readonly ask: AskUpstream;
  /** The upstreams that were ever checked; events name them by their place. */
  readonly checked: UpstreamHealth[];
  /** The answer to the check that is under way, by the same place. */
  readonly answers: Map<number, Exchanged>;
}

export interface SelfChecksGround {
  readonly kernel: Kernel;
  /** The configuration by that name, while its process lives by it. */
  instanceAt(id: string): Instance | undefined;
  /** The process has found a loop and ends. */
  onLoop(pod: ObjectKey, why: string): void;
}

/**
 * The library's own patience, and how long and how often the process tries again.
 * source: coredns plugin/loop/setup.go (30 s, 1 s); miekg/dns client.go dnsTimeout (2 s)
 */
const EXCHANGE_TIMEOUT = seconds(2);
const LOOP_TEST_PAUSE = seconds(1);
const LOOP_TEST_DEADLINE = seconds(30);
const DRAWN_LABELS_BELOW = 2 ** 31;

export class SelfChecks {
  private readonly ground: SelfChecksGround;
  private readonly loopEvent: EventKind;
  private readonly checkEvent: EventKind;
  private readonly answerEvent: EventKind;

  constructor(ground: SelfChecksGround) {
    this.ground = ground;
    const { kernel } = ground;
    const declare = (
      name: string,
      act: (instance: Instance, argument: number) => void,
      options?: { background: boolean },
    ): EventKind =>
      kernel.declare(
        name,
        (id, argument) => {
          const instance = ground.instanceAt(String(id));
          if (instance !== undefined) act(instance, Number(argument));
        },
        options,
      );
    this.loopEvent = declare('coredns.loopTest', (it, until) => this.testLoop(it, until));
    // A run is settled though an upstream is dead for good.
    const background = { background: true };
    this.checkEvent = declare('coredns.healthCheck', (it, at) => this.check(it, at), background);
    this.answerEvent = declare('coredns.healthAnswer', (it, at) => this.learn(it, at), background);
  }

  /** A process has begun to live by a configuration. */
  begin({ id, dns }: Instance): void {
    if (dns.loops.length === 0) return;
    const { kernel } = this.ground;
    const until = kernel.now + LOOP_TEST_DEADLINE;
    kernel.after(ZERO, Phase.agent, this.loopEvent, id, until);
  }

  /** Begins to check an upstream, `after` from now. */
  checkFrom(id: string, health: UpstreamHealth, after: Duration): void {
    const instance = this.ground.instanceAt(id);
    if (instance === undefined) return;
    const known = instance.checked.indexOf(health);
    const place = known < 0 ? instance.checked.push(health) - 1 : known;
    this.schedule(after, this.checkEvent, instance, place);
  }

  private testLoop({ pod, id, dns }: Instance, until: number): void {
    const { kernel, onLoop } = this.ground;
    const stream = kernel.random.stream(`coredns.loop/${pod}`);
    const draw = (): number => stream.below(DRAWN_LABELS_BELOW);
    const choose = drawnBy(stream);
    let isAnswered = true;
    for (const loop of dns.loops) {
      const name = loop.begin(`${draw()}.${draw()}`);
      const reply = dns.answer(question(name, 'HINFO', kernel, choose));
      loop.end();
      if (loop.isLooping) {
        const zone = loop.zone === '' ? '.' : `${loop.zone}.`;
        onLoop(pod, `Loop detected for zone "${zone}": its query HINFO ${name}. came back to it`);
        return;
      }
      isAnswered &&= reply.delay < EXCHANGE_TIMEOUT;
    }
    const again = (EXCHANGE_TIMEOUT + LOOP_TEST_PAUSE) as Duration;
    if (isAnswered || kernel.now + again >= until) return;
    kernel.after(again, Phase.agent, this.loopEvent, id, until);
  }

  private check(instance: Instance, place: number): void {
    const { kernel } = this.ground;
    const health = instance.checked[place]!;
    const { upstream, transport, domain } = health;
    const stream = kernel.random.stream(`coredns.health/${instance.pod}`);
    const choose = drawnBy(stream);
    const request = { ...question(domain, 'NS', kernel, choose), transport };
    const answer = choose(instance.ask(upstream, request));
    instance.answers.set(place, answer);
    this.schedule(health.checkTime(answer), this.answerEvent, instance, place);
  }

  private learn(instance: Instance, place: number): void {
    const again = instance.checked[place]!.learn(instance.answers.get(place) ?? 'silent');
    if (again !== undefined) this.schedule(again, this.checkEvent, instance, place);
  }

  private schedule(span: Duration, kind: EventKind, { id }: Instance, place: number): void {
    this.ground.kernel.after(span, Phase.agent, kind, id, place);
  }
}

/** A question of the process's own. */
function question(
  name: string,
  type: string,
  clock: DnsRequest['clock'],
  choose: DnsRequest['choose'],
): DnsRequest {
  return {
    question: { name, type },
    client: undefined,
    transport: 'UDP',
    udpSize: 512,
    clock,
    real: false,
    choose,
    goesOneWay: true,
    depth: 0,
  };
}
