// Goal: a renewal over a lossy line goes try by try as client-go has it, and nothing of one that
// is over comes back. component-helpers/apimachinery/lease/controller.go: five tries follow each
// other (retryUpdateLease), then come pauses of 200 ms, doubled up to 7 s (backoffEnsureLease).
// Method: luck that is certain, so that each instant is known. A renewal is due at every 10 s.

import { expect } from 'chai';

import { Lags } from '../../../src/apiserver/lags';
import type { Lag } from '../../../src/apiserver/lags';
import { Kernel } from '../../../src/kernel/kernel';
import type { KubeletGround } from '../../../src/node/kubelet/kubelet-ground';
import type { NodeAgent } from '../../../src/node/kubelet/kubelet-state';
import { LossyRenewals } from '../../../src/node/kubelet/lossy-renewals';
import { Timing } from '../../../src/timing';
import type { TimerName } from '../../../src/timing';
import { NEWEST_VERSION } from '../../../src/values/kube-version';
import { CERTAIN, ratio } from '../../../src/values/ratio';
import type { Ratio } from '../../../src/values/ratio';
import { milliseconds, seconds, ZERO } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';

const SECOND = 1_000_000;
const ACTOR = 'kubelet@worker-1';

type Chances = NonNullable<Lag['chances']>['there'];

/** Every segment arrives so late. */
const late = (after: number, probability: Ratio = CERTAIN): Chances => [
  { after: milliseconds(after), probability },
];
const PROMPT = late(0);
const LOST: Chances = [];

/** Renewals of one node; what they tell stands in the journal. */
class World {
  readonly kernel: Kernel;
  readonly lags: Lags;
  readonly agent: NodeAgent;
  readonly renewals: LossyRenewals;
  isBeating = true;

  constructor(overrides: Partial<Record<TimerName, Duration>> = {}, seed = 1) {
    const kernel = new Kernel(seed);
    const options = { kubernetes: NEWEST_VERSION, profile: 'default', overrides } as const;
    const timing = new Timing(options, kernel.random);
    this.kernel = kernel;
    this.lags = new Lags({ kernel, timing, lose: () => {} });
    const tell = (what: string, detail = ''): void => void kernel.note(ACTOR, what, '', detail);
    const ticks = {
      lastRenewal: (_since: Instant, now: Instant) => now - (now % (10 * SECOND)),
      nextRenewal: (last: Instant, now: Instant) => Math.max(last + 10 * SECOND, now),
    };
    this.agent = { node: 'worker-1', actor: ACTOR, ticks, startedAt: 0 } as unknown as NodeAgent;
    const state = { agents: new Map([['worker-1', this.agent]]) };
    const api = { lags: this.lags, reconnect: () => tell('reconnects') };
    const ground = { kernel, timing, api, state } as unknown as KubeletGround;
    this.renewals = new LossyRenewals(ground, {
      isBeating: () => this.isBeating,
      late: (_agent, due, last) => tell('late', `${due / SECOND} after ${last / SECOND}`),
      arrived: () => tell('arrived'),
    });
  }

  until(at: number): this {
    this.kernel.runUntil((at * SECOND) as Instant);
    return this;
  }

  bad(there: Chances, back: Chances = there, wait: Duration = ZERO): this {
    this.lags.set(ACTOR, { there: wait, back: wait, chances: { there, back } });
    return this;
  }

  good(): this {
    this.lags.set(ACTOR, { there: ZERO, back: ZERO });
    return this;
  }

  /** `late@10 10 after 0`: what happened at which second. */
  get course(): string[] {
    return this.kernel.journal.all().map(({ action, at, detail }) => {
      return `${action}@${at / SECOND} ${detail}`.trim();
    });
  }

  /** What each arrival has waited for. */
  get waits(): string[] {
    const arrived = this.kernel.journal.all().filter(({ action }) => action === 'arrived');
    return arrived.map(({ timer }) => timer);
  }

  /** When an event of a kind is awaited, in seconds. */
  get tries(): number[] {
    const seen: number[] = [];
    for (let at = this.kernel.nextAt; at !== undefined && at < 200 * SECOND;) {
      seen.push(at / SECOND);
      this.kernel.runInstant();
      at = this.kernel.nextAt;
    }
    return seen;
  }
}

describe('a renewal over a lossy line', () => {
  it('is none of anybody’s business while it arrives at once', () => {
    const world = new World().bad(PROMPT).until(25);
    expect(world.course).to.deep.equal([]);
    expect(world.kernel.nextAt).to.equal(30 * SECOND);
  });

  it('is late until it arrives, and the next one is due an interval after that', () => {
    const world = new World().bad(late(600)).until(21);
    expect(world.course).to.deep.equal([
      'late@10 10 after 0',
      'arrived@10.6',
      'late@20.6 20.6 after 10.6',
    ]);
    expect(world.waits).to.deep.equal(['client.tcpRetransmission']);
  });

  it('is drawn once, however often the line changes before it is due', () => {
    const world = new World().bad(late(300)).until(5).bad(late(600)).until(20);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'arrived@10.6']);
  });

  it('is drawn once, though the line was good in between', () => {
    const world = new World().bad(late(600)).until(3).good().until(5).bad(late(600)).until(20);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'arrived@10.6']);
  });

  it('waits in its second try for what the first one has sent', () => {
    const world = new World().bad(late(12_000)).until(15).bad(PROMPT).until(25);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'arrived@22']);
  });

  it('does not get through on the connection on which its first try is lost for good', () => {
    const world = new World().bad(LOST).until(15).bad(PROMPT).until(35);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'reconnects@30', 'arrived@30']);
  });

  it('is tried every 10 s, from the sixth time on after 200 ms, then twice as long, up to 7 s', () => {
    const world = new World().bad(LOST);
    expect(world.tries).to.deep.equal([
      10, 20, 30, 40, 50, 60.2, 70.6, 81.4, 93, 106.2, 122.6, 139.6, 156.6, 173.6, 190.6,
    ]);
    expect(world.course, 'it is late once, and closes its connection once').to.deep.equal([
      'late@10 10 after 0',
      'reconnects@30',
    ]);
  });

  it('takes a handshake and a way on a new connection, and both have to get through', () => {
    const world = new World().bad(LOST).until(25).bad(late(300), late(200)).until(31);
    // 300 ms and 200 ms for SYN and SYN-ACK, and 300 ms for the request.
    expect(world.course.at(-1)).to.equal('arrived@30.8');
    expect(world.waits).to.deep.equal(['client.synRetransmission']);
    const deaf = new World().bad(LOST).until(25).bad(PROMPT, LOST).until(59);
    expect(deaf.course.at(-1)).to.equal('reconnects@30');
  });

  it('is given up after 10 s, also on a new connection', () => {
    const world = new World().bad(LOST).until(25).bad(late(6_000), PROMPT).until(59);
    // The handshake and the request take 12 s.
    expect(world.course.at(-1)).to.equal('reconnects@30');
    const exact = new World().bad(late(10_000)).until(45);
    expect(exact.course).to.deep.equal(['late@10 10 after 0', 'reconnects@30']);
  });

  it('has its segment sent again after the round trip and 200 ms, then twice as long', () => {
    const waits = new Set<number>();
    for (let seed = 1; seed <= 40; seed++) {
      const world = new World({}, seed).bad(late(0, ratio(1, 2)), PROMPT, milliseconds(100));
      const first = world.until(19).course.find((it) => it.startsWith('arrived@'));
      if (first !== undefined)
        waits.add(Math.round((Number(first.slice(8)) - 10) * 1_000) % 10_000);
    }
    const all = [...waits].sort((a, b) => a - b);
    expect(all.slice(0, 3)).to.deep.equal([400, 1_200, 2_800]);
  });

  it('has all the time where nothing limits a try, and goes on where nothing is waited for', () => {
    const patient = { 'kubelet.leaseRequestTimeout': ZERO };
    expect(new World(patient).bad(late(30_000)).until(45).course).to.deep.equal([
      'late@10 10 after 0',
      'arrived@40',
    ]);
    const hasty = { ...patient, 'kubelet.leaseBackoff': ZERO, 'kubelet.leaseBackoffMax': ZERO };
    const world = new World(hasty).bad(LOST);
    expect(() => world.until(10.0001)).not.to.throw();
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'reconnects@10']);
    world.bad(PROMPT, LOST).until(10.0002);
    expect(world.course.at(-1), 'no answer to its SYN').to.equal('reconnects@10');
    world.bad(PROMPT).until(10.001);
    expect(world.course.at(-1)).to.equal('arrived@10.000201');
  });
});

describe('what is under way over a lossy line', () => {
  it('arrives when the line is good again, with what is sent again by then', () => {
    const world = new World().bad(LOST).until(15).good().until(60);
    // Sent at 10 s, and again 0.2, 0.6, … 6.2 s after that; a second try follows at 20 s, and
    // what is sent then for the first time is sent again 12.6 s after the beginning.
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'arrived@16.2']);
    expect(world.kernel.nextAt).to.equal(undefined);
  });

  it('is no matter of luck any more, though the line is bad again before', () => {
    const world = new World().bad(late(12_000)).until(17).good().until(18).bad(PROMPT).until(25);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'arrived@22.6']);
  });

  it('arrives once: what was drawn before the line was good does not come after it', () => {
    const world = new World().bad(late(9_000)).until(10.5).good().until(40);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'arrived@10.6']);
  });

  it('is gone with the process, and so is its next try', () => {
    const world = new World().bad(LOST).until(12);
    world.renewals.forget(world.agent);
    world.until(13);
    world.renewals.watch(world.agent);
    world.until(28);
    expect(world.course).to.deep.equal(['late@10 10 after 0', 'late@20 20 after 10']);
    const other = new World().bad(late(4_000)).until(12);
    other.renewals.forget(other.agent);
    expect(other.until(60).course).to.deep.equal(['late@10 10 after 0']);
    const slow = new World({ 'kubelet.leaseRequestTimeout': seconds(15) }).bad(LOST).until(12);
    slow.renewals.forget(slow.agent);
    slow.renewals.watch(slow.agent);
    expect(slow.until(60).course.slice(1)).to.deep.equal(['late@20 20 after 10', 'reconnects@50']);
  });
});

describe('renewals of a node', () => {
  it('are no events on a line that is good, or was bad and is good', () => {
    const world = new World();
    world.renewals.watch(world.agent);
    expect(world.kernel.nextAt).to.equal(undefined);
    world.bad(late(500)).until(6).good().until(12).bad(late(500)).until(13).good().until(60);
    expect(world.course).to.deep.equal([]);
  });

  it('are drawn again when the line is bad once more, from the last one that was in time', () => {
    const world = new World().bad(late(500)).until(6).good().until(25).bad(late(500)).until(32);
    expect(world.course).to.deep.equal(['late@30 30 after 20', 'arrived@30.5']);
  });

  it('do not begin while it does not beat, also where the line gets bad meanwhile', () => {
    const world = new World();
    world.isBeating = false;
    world.bad(late(500)).until(25);
    world.isBeating = true;
    world.renewals.watch(world.agent);
    expect(world.until(32).course).to.deep.equal(['late@30 30 after 20', 'arrived@30.5']);
    world.isBeating = false;
    expect(world.until(60).course.at(-1), 'the one that is due then').to.equal('arrived@30.5');
  });
});
