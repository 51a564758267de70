// Timers with wrong figures.

import { Timing } from '../../src/timing';
import { fixed } from '../../src/timers';
import type { TimerName } from '../../src/timers';
import type { Duration } from '../../src/values/time';
import { replace } from './replace';
import type { Undo } from './replace';

/** Every run takes these delays, whatever its version, profile and overrides say. */
export function withDelays(delays: Partial<Readonly<Record<TimerName, Duration>>>): Undo {
  return replace(Timing.prototype, 'delay', (delay: Timing['delay']) => {
    return function (this: Timing, name, effect, actor) {
      const wrong = delays[name];
      return wrong === undefined ? delay.call(this, name, effect, actor) : fixed(wrong);
    };
  });
}
