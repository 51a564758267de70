// Which of several like processes works: the one that holds the lease. The others watch the lease,
// and take it when it was not renewed for long enough since they saw it last. Renewals have no
// events; only the end of them has.
// source: staging/src/k8s.io/client-go/tools/leaderelection/leaderelection.go

import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import { Loop, tickBefore } from '../../timing';
import type { Timing, TimerName } from '../../timing';
import { later } from '../../values/time';
import type { Duration, Instant } from '../../values/time';

export interface ElectionGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  /** Whose lease it is: `controller-manager`. */
  readonly name: string;
  /** Every host that runs the process; the first one leads at the beginning. */
  readonly hosts: readonly string[];
  /** As the journal names the process of a host. */
  actorOf(host: string): string;
  /** Whether the process of the host gets an answer from the API server now. */
  reaches(host: string): boolean;
  /** The process of the host begins, or ceases, to do the work. */
  leads(host: string): void;
  yields(host: string): void;
  /** A leader that cannot renew ends itself. */
  exits(host: string): void;
}

interface Candidate {
  readonly host: string;
  alive: boolean;
  frozen: boolean;
  /** When its process started. */
  startedAt: Instant;
  /** When it saw the lease change last; undefined where that makes no difference yet. */
  observedAt: Instant | undefined;
  /** When it will take the lease, if nothing changes. */
  takesAt: Instant | undefined;
  /** Since when it cannot look at the lease: it is stopped, or cut off. */
  blindAt: Instant | undefined;
  /** When it looks first after that. */
  looksAt: Instant | undefined;
  /** Grows with whatever makes its plans void. */
  epoch: number;
  /** Whether the end of its leadership is planned. */
  failing: boolean;
}

const RETRY: TimerName = 'leader-election.retryPeriod';
const LEASE: TimerName = 'leader-election.leaseDuration';
const DEADLINE: TimerName = 'leader-election.renewDeadline';

export class LeaderElection {
  private readonly ground: ElectionGround;
  private readonly candidates: ReadonlyMap<string, Candidate>;
  private readonly lostEvent: EventKind;
  private readonly acquireEvent: EventKind;
  private holder: string | undefined;
  /** When its holder took it; undefined for the leader of the beginning. */
  private acquiredAt: Instant | undefined;
  private readonly firstRenewals: Loop;
  /** When the lease was renewed last, where that is over. */
  private renewedAt: Instant | undefined;
  /** When its holder gave it back; undefined where it did not. */
  private releasedAt: Instant | undefined;

  constructor(ground: ElectionGround) {
    this.ground = ground;
    const { kernel, name, hosts } = ground;
    this.holder = hosts[0];
    this.firstRenewals = new Loop(ground.timing, RETRY, name);
    const startedAt = kernel.now;
    this.candidates = new Map(hosts.map((host) => [host, freshCandidate(host, startedAt)]));
    const declare = (kind: string, act: (candidate: Candidate) => void): EventKind =>
      kernel.declare(
        `${name}.${kind}`,
        (host, epoch) => {
          const candidate = this.candidates.get(String(host))!;
          if (candidate.epoch === epoch) act(candidate);
        },
        { owner: (host) => ground.actorOf(String(host)) },
      );
    this.lostEvent = declare('leaseLost', (it) => this.lost(it));
    this.acquireEvent = declare('leaseAcquired', (it) => this.acquired(it));
  }

  get leader(): string | undefined {
    return this.holder;
  }

  isAlive(host: string): boolean {
    return this.candidates.get(host)!.alive;
  }

  /**
   * The process of the host ends in order: as a leader it gives its lease back, so that nobody has
   * to wait until that expires. source: leaderelection.go release (ReleaseOnCancel)
   */
  retire(host: string): void {
    const isReleased = this.holder === host && this.canRenew(this.candidates.get(host)!);
    this.releasedAt = isReleased ? this.ground.kernel.now : this.releasedAt;
    this.end(host);
  }

  /** The process of the host dies. */
  stop(host: string): void {
    if (this.holder === host) this.releasedAt = undefined;
    this.end(host);
  }

  private end(host: string): void {
    const candidate = this.candidates.get(host)!;
    if (!candidate.alive) return;
    const wasHolder = this.holder === host;
    if (wasHolder) this.endRenewals();
    candidate.alive = false;
    candidate.frozen = false;
    reset(candidate);
    if (!wasHolder) return;
    this.holder = undefined;
    this.ground.yields(host);
    this.contest();
  }

  /** A new process on the host: it asks for the lease, under a new identity. */
  start(host: string): void {
    const candidate = this.candidates.get(host)!;
    if (candidate.alive) return;
    candidate.alive = true;
    candidate.startedAt = this.ground.kernel.now;
    candidate.blindAt = undefined;
    this.markBlind();
    // A lease that is being renewed is nobody's to take.
    if (this.renewedAt !== undefined) this.contest();
  }

  /** The process is stopped, or goes on. */
  freeze(host: string, frozen: boolean): void {
    const candidate = this.candidates.get(host)!;
    candidate.frozen = frozen;
    // The pause of who was stopped is over when it goes on.
    if (!frozen && this.canRenew(candidate)) this.regain(candidate, this.ground.kernel.now);
    this.changed();
  }

  /** Whether processes reach the API server has changed. */
  changed(): void {
    this.markBlind();
    const leader = this.holder === undefined ? undefined : this.candidates.get(this.holder)!;
    if (leader !== undefined) {
      if (this.canRenew(leader)) this.recover(leader);
      else this.fail(leader);
    }
    if (this.renewedAt !== undefined) this.contest();
  }

  private canRenew({ host, alive, frozen }: Candidate): boolean {
    return alive && !frozen && this.ground.reaches(host);
  }

  /** The renewals of the leader fail from now on; it gives up after its deadline. */
  private fail(leader: Candidate): void {
    if (leader.failing) return;
    const { kernel, timing } = this.ground;
    this.endRenewals();
    leader.failing = true;
    const actor = this.ground.actorOf(leader.host);
    const wait = (timing.wait(RETRY, actor) + timing.wait(DEADLINE, actor)) as Duration;
    const planned = later(this.renewedAt!, wait);
    const at = planned > kernel.now ? planned : kernel.now;
    kernel.schedule(at, Phase.control, this.lostEvent, leader.host, leader.epoch, DEADLINE);
  }

  private recover(leader: Candidate): void {
    if (!leader.failing || !leader.alive) return;
    const { kernel, timing } = this.ground;
    const limit = timing.delay(RETRY).least + timing.delay(DEADLINE).least;
    // Who was stopped for longer than its deadline finds out when it goes on.
    if (kernel.now - this.renewedAt! > limit) return;
    this.renewedAt = undefined;
    for (const candidate of this.candidates.values()) reset(candidate);
  }

  private lost(leader: Candidate): void {
    const { kernel, name } = this.ground;
    const subject = `Lease/kube-system/kube-${name}`;
    kernel.note(this.ground.actorOf(leader.host), 'lost', subject, 'it could not renew in time');
    this.ground.exits(leader.host);
  }

  /**
   * A leader renews as soon as it leads, and every so often from then on.
   * source: leaderelection.go renew (wait.Until over PollUntilContextTimeout, immediate)
   */
  private endRenewals(): void {
    if (this.renewedAt !== undefined) return;
    const { phase, period } = this.firstRenewals.ticks;
    const since = (this.acquiredAt ?? phase) as Duration;
    this.renewedAt = tickBefore({ phase: since, period }, this.ground.kernel.now);
  }

  private markBlind(): void {
    const { now } = this.ground.kernel;
    for (const candidate of this.candidates.values()) {
      if (!candidate.alive) candidate.blindAt = undefined;
      else if (!this.canRenew(candidate)) candidate.blindAt ??= now;
      else if (this.renewedAt === undefined) candidate.blindAt = undefined;
    }
  }

  /**
   * The candidate can look at the lease again, and does so at `looksAt`. Of a lease that ends, it
   * knows what it had seen before: if that was not the last renewal, it counts from this look on.
   */
  private regain(candidate: Candidate, looksAt: Instant): void {
    const { blindAt } = candidate;
    candidate.blindAt = undefined;
    if (blindAt === undefined || this.renewedAt === undefined) return;
    if (candidate.host === this.holder) return;
    const seenAt = candidate.observedAt ?? this.firstLook(candidate);
    reset(candidate);
    candidate.observedAt = seenAt < blindAt ? seenAt : looksAt;
    candidate.looksAt = looksAt;
  }

  /** Everybody who can takes the lease in time; the first one gets it. */
  private contest(): void {
    for (const candidate of this.candidates.values()) {
      if (candidate.host === this.holder || !this.canRenew(candidate)) continue;
      if (candidate.blindAt !== undefined) {
        const { now } = this.ground.kernel;
        this.regain(candidate, later(now, this.remainder(candidate)));
      }
      this.plan(candidate);
    }
  }

  private plan(candidate: Candidate): void {
    const { kernel } = this.ground;
    const { now } = kernel;
    const { host, epoch, takesAt } = candidate;
    if (takesAt !== undefined && takesAt > now) return;
    const isFree = this.releasedAt !== undefined;
    const at = isFree ? this.nextTry(candidate) : this.expiry(candidate);
    candidate.takesAt = at;
    const timer = isFree ? RETRY : LEASE;
    kernel.schedule(at, Phase.control, this.acquireEvent, host, epoch, timer);
  }

  /** When it takes the lease of somebody who has not given it back. */
  private expiry(candidate: Candidate): Instant {
    const { kernel, timing } = this.ground;
    // Each candidate counts by its own clock, from when it saw the lease change.
    const lease = timing.wait(LEASE, this.ground.actorOf(candidate.host));
    candidate.observedAt ??= this.firstLook(candidate);
    const expires = later(candidate.observedAt, lease);
    let at = candidate.looksAt ?? candidate.observedAt;
    while (at <= expires || at < kernel.now) at = later(at, this.pause(candidate));
    return at;
  }

  /** A new process tries at once, one that stood by at its next try. */
  private nextTry(candidate: Candidate): Instant {
    const { now } = this.ground.kernel;
    const { looksAt, startedAt } = candidate;
    if (looksAt !== undefined) return looksAt;
    return startedAt > this.releasedAt! ? now : later(now, this.remainder(candidate));
  }

  /** A new process looks at once; one that stood by saw the last renewal at its next look. */
  private firstLook(candidate: Candidate): Instant {
    const { renewedAt } = this;
    const { now } = this.ground.kernel;
    if (renewedAt === undefined || candidate.startedAt >= renewedAt) return now;
    return later(renewedAt, this.remainder(candidate));
  }

  /** Until its next look: it has looked before, at an instant that nobody knows. */
  private remainder({ host }: Candidate): Duration {
    const { timing, actorOf } = this.ground;
    return timing.remainder(RETRY, actorOf(host));
  }

  private pause({ host }: Candidate): Duration {
    const { timing, actorOf } = this.ground;
    const drawn = timing.draw(RETRY, actorOf(host));
    return drawn > 0 ? drawn : (1 as Duration);
  }

  private acquired(candidate: Candidate): void {
    const { kernel, name } = this.ground;
    candidate.takesAt = undefined;
    if (!this.canRenew(candidate)) return;
    const before = this.holder;
    this.holder = candidate.host;
    this.acquiredAt = kernel.now;
    this.renewedAt = undefined;
    this.releasedAt = undefined;
    for (const other of this.candidates.values()) reset(other);
    if (before !== undefined) this.ground.yields(before);
    const subject = `Lease/kube-system/kube-${name}`;
    kernel.note(this.ground.actorOf(candidate.host), 'acquired', subject, 'it leads now');
    this.ground.leads(candidate.host);
  }
}

/** What was planned is void: somebody leads, or the process is gone. */
function reset(candidate: Candidate): void {
  candidate.observedAt = undefined;
  candidate.takesAt = undefined;
  candidate.looksAt = undefined;
  candidate.failing = false;
  candidate.epoch++;
}

function freshCandidate(host: string, startedAt: Instant): Candidate {
  return {
    host,
    startedAt,
    alive: true,
    frozen: false,
    observedAt: undefined,
    takesAt: undefined,
    blindAt: undefined,
    looksAt: undefined,
    epoch: 0,
    failing: false,
  };
}
