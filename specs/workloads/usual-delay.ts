// The delays of CoreDNS as nobody overrides them.

import { TIMERS } from '../../src/timing';
import type { DefaultDelay } from '../../src/workloads/coredns/plugin';

export const USUAL_DELAY: DefaultDelay = (timer) => TIMERS[timer].value.least;
