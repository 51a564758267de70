// What each member of a memberlist does again and again, and when it does so next. No two of them
// are in step: each has begun at an instant of its own.
// source: hashicorp/memberlist state.go (schedule, triggerFunc, pushPullTrigger)

import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import { Loop, tickAfter } from '../../timing';
import type { TimerName, Timing } from '../../timing';
import type { Duration, Instant } from '../../values/time';

export const LOOPS = ['probe', 'gossip', 'pushPull', 'rejoin'] as const;
export type LoopName = (typeof LOOPS)[number];

const TIMER_OF: Readonly<Record<LoopName, TimerName>> = {
  probe: 'metallb.probeInterval',
  gossip: 'metallb.gossipInterval',
  pushPull: 'metallb.pushPullInterval',
  rejoin: 'metallb.rejoinInterval',
};

/** source: hashicorp/memberlist util.go pushPullScale */
const PUSH_PULL_THRESHOLD = 32;

export interface LoopsGround {
  readonly kernel: Kernel;
  readonly timing: Timing;
  /** Called with the node and the loop. */
  readonly ticks: EventKind;
  /** The same where no run waits for it to be settled. */
  readonly quietTicks: EventKind;
  isWaitedFor(loop: LoopName, node: string): boolean;
  /** How many members the one on that node knows, itself included. */
  sizeOf(node: string): number;
}

export class MemberLoops {
  private readonly ground: LoopsGround;
  private readonly loops = new Map<string, Loop>();
  /** When each loop of each member ticks next. */
  private readonly due = new Map<string, Instant>();

  constructor(ground: LoopsGround) {
    this.ground = ground;
  }

  /** Its next tick will be an event; `isNow`: one that was missed is made up for at once. */
  awaitTick(loop: LoopName, node: string, isNow: boolean): void {
    const key = `${loop}/${node}`;
    if (this.due.has(key)) return;
    const { kernel, timing, ticks, quietTicks, isWaitedFor } = this.ground;
    const timer = TIMER_OF[loop];
    const own = this.loops.get(key) ?? new Loop(timing, timer, `metallb/speaker@${node}`);
    this.loops.set(key, own);
    const { phase, period } = own.ticks;
    const scaled = { phase, period: (period * this.scaleOf(loop, node)) as Duration };
    const at = isNow ? kernel.now : tickAfter(scaled, kernel.now);
    this.due.set(key, at);
    const kind = isWaitedFor(loop, node) ? ticks : quietTicks;
    kernel.schedule(at, Phase.control, kind, node, loop, timer);
  }

  /** Whether that is due now; then it is done with. */
  takeTick(loop: LoopName, node: string): boolean {
    const key = `${loop}/${node}`;
    return this.due.get(key) === this.ground.kernel.now && this.due.delete(key);
  }

  /** Nothing is awaited of this node any more. */
  forget(node: string): void {
    for (const loop of LOOPS) this.due.delete(`${loop}/${node}`);
  }

  clear(): void {
    this.due.clear();
  }

  private scaleOf(loop: LoopName, node: string): number {
    const size = this.ground.sizeOf(node);
    if (loop !== 'pushPull' || size <= PUSH_PULL_THRESHOLD) return 1;
    return Math.ceil(Math.log2(size) - Math.log2(PUSH_PULL_THRESHOLD)) + 1;
  }
}
