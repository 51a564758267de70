// Clocks that are wrong: of the components on a host, and of those who work in them.

import type { Kernel } from '../../kernel/kernel';
import type { Skew, Timing } from '../../timing';

export interface ClockSkewContext {
  readonly kernel: Kernel;
  readonly timing: Timing;
}

export interface ClockSkewHandles {
  /** The actor's clock is set wrong, or runs fast or slow; what several tokens say adds up. */
  skewClock(actor: string, token: string, skew: Skew): void;
  putClockRight(actor: string, token: string): void;
}

export function clockSkewHandles({ kernel, timing }: ClockSkewContext): ClockSkewHandles {
  const { clocks } = timing;
  return {
    skewClock: (actor, token, skew) => clocks.set(actor, token, skew, kernel.now),
    putClockRight: (actor, token) => clocks.putRight(actor, token, kernel.now),
  };
}
