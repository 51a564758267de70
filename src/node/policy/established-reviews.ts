// Agents that look at open connections once in a while: what the policies have come to forbid
// since is judged anew at its next packet. Between two looks lies a rest.
// source: kubernetes-sigs/kube-network-policies pkg/dataplane/controller.go (connRunner,
// firewallEnforcer)

import type { EventKind } from '../../kernel/event-queue';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Timing } from '../../timing';
import type { TimerName } from '../../timing';
import { later } from '../../values/time';
import type { Instant } from '../../values/time';
import type { Revisions } from './policy-views';

export interface EstablishedReviewsContext {
  readonly kernel: Kernel;
  readonly timing: Timing;
  /** As the journal names the agents: `kindnet`. */
  readonly agent: string;
  /** The least time from one look to the next. */
  readonly rest: TimerName;
  /** What the agent of the node has heard of the API. */
  heard(node: string): Revisions;
  /** Called when what becomes of open connections on a node may have changed. */
  readonly onReview: (node: string) => void;
}

export class EstablishedReviews {
  private readonly context: EstablishedReviewsContext;
  private readonly reviewEvent: EventKind;
  private readonly due = new Set<string>();
  private readonly last = new Map<string, Instant>();
  private readonly reviewed = new Map<string, Revisions>();

  constructor(context: EstablishedReviewsContext) {
    this.context = context;
    const { kernel, agent } = context;
    this.reviewEvent = kernel.declare(`${agent}.review`, (node) => this.review(String(node)), {
      owner: (node) => `${agent}@${node}`,
    });
  }

  /** What the last look of a node's agent went by; undefined where there was none. */
  of(node: string): Revisions | undefined {
    return this.reviewed.get(node);
  }

  /** What the last looks of all agents went by. */
  all(): Iterable<Revisions> {
    return this.reviewed.values();
  }

  /** Something has changed: the agent looks at once, or when it has rested from its last look. */
  request(node: string): void {
    if (this.due.has(node)) return;
    this.due.add(node);
    const { kernel, timing, agent, rest } = this.context;
    const last = this.last.get(node);
    const free =
      last === undefined ? kernel.now : later(last, timing.draw(rest, `${agent}@${node}`));
    const at = free > kernel.now ? free : kernel.now;
    const timer = at > kernel.now ? rest : '';
    kernel.schedule(at, Phase.agent, this.reviewEvent, node, 0, timer);
  }

  /** The agent of the node dies: what it was about to do does not happen. */
  stop(node: string): void {
    this.due.delete(node);
    this.last.delete(node);
  }

  private review(node: string): void {
    if (!this.due.delete(node)) return;
    const { kernel, agent, heard, onReview } = this.context;
    this.last.set(node, kernel.now);
    this.reviewed.set(node, heard(node));
    kernel.note(`${agent}@${node}`, 'reviewed', 'connections');
    onReview(node);
  }
}
