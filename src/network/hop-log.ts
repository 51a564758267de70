// The hops of one walk as they are passed. Walks that only need the verdict have no log, so that
// nothing is written down that nobody will read.

import type { FiveTuple } from '../values/flow';
import type { Encapsulation } from '../values/packet';
import type { Hop, Step } from '../values/trace';

interface OpenHop {
  readonly node: string;
  readonly device: string;
  readonly before: FiveTuple;
  encapsulation: Encapsulation | undefined;
  readonly steps: Step[];
}

export class HopLog {
  private readonly request: Hop[];
  private readonly answer: Hop[];
  private answering: boolean;
  private open: OpenHop | undefined;

  constructor(origin?: HopLog) {
    this.request = [...(origin?.request ?? [])];
    this.answer = [...(origin?.answer ?? [])];
    this.answering = origin?.answering ?? false;
    this.open = origin?.open && { ...origin.open, steps: [...origin.open.steps] };
  }

  get hops(): readonly Hop[] {
    return this.request;
  }

  get answerHops(): readonly Hop[] {
    return this.answer;
  }

  /** The packet is seen at a device; `before` is how it looks there. */
  enter(node: string, device: string, before: FiveTuple, encapsulation?: Encapsulation): void {
    this.leave(before);
    this.open = { node, device, before, encapsulation, steps: [] };
  }

  /** A tunnel puts its outer header around the packet. */
  encapsulate(outer: Encapsulation): void {
    this.step(outer.kind, 'encapsulated', `${outer.src} → ${outer.dst}`);
    if (this.open !== undefined) this.open.encapsulation = outer;
  }

  /** Something was done to it there. */
  step(place: string, action: string, detail: string): void {
    this.open?.steps.push({ place, action, detail });
  }

  /** The packet leaves the device looking like `after`. */
  leave(after: FiveTuple): void {
    if (this.open === undefined) return;
    const { node, device, before, steps, encapsulation } = this.open;
    const list = this.answering ? this.answer : this.request;
    if (encapsulation === undefined) list.push({ node, device, before, after, steps });
    else list.push({ node, device, before, after, steps, encapsulation });
    this.open = undefined;
  }

  /** What follows belongs to the answer. */
  turn(after: FiveTuple): void {
    this.leave(after);
    this.answering = true;
  }

  fork(): HopLog {
    return new HopLog(this);
  }

  /** A log for the rest of a way, which begins within the same hop; `continuedBy` is its end. */
  onward(): HopLog {
    const rest = new HopLog();
    rest.open = this.open && { ...this.open, steps: [] };
    return rest;
  }

  /** All hops, where `rest` came of a log that went on from here. */
  continuedBy(rest: readonly Hop[]): readonly Hop[] {
    const { request, open } = this;
    const [first, ...others] = rest;
    if (open === undefined || first === undefined) return [...request, ...rest];
    const { node, device, before, steps } = open;
    const hop = { ...first, node, device, before, steps: [...steps, ...first.steps] };
    return [...request, hop, ...others];
  }
}
