// Every delay of the model in one table: what it delays, how long, which knob moves it, and where
// the figure comes from. No component holds a duration of its own.
//
// A row is a `latency` (the time that work or a message takes), a `quantiser` (a loop that looks
// only every so often) or a `wait` (a duration that is configured on purpose). The profile
// `instant` zeroes the first two and keeps the waits: they are what the scenario is about.

import { API_CLIENT_TIMERS } from './api-clients';
import { ADDRESS_TIMERS } from './addresses';
import { AUTOSCALING_TIMERS } from './autoscaling';
import { COMPONENT_TIMERS } from './components';
import { CONNTRACK_TIMERS } from './conntrack';
import { CONTROL_PLANE_TIMERS } from './control-plane';
import { COREDNS_TIMERS } from './coredns';
import { DATA_PLANE_TIMERS } from './data-plane';
import { KUBECTL_TIMERS } from './kubectl';
import { NODE_TIMERS } from './node';
import { OBJECT_TIMERS } from './objects';
import { POLICY_TIMERS } from './policy';

export { boundsText, fixed, followsText, isWithin, sinceText } from './row';
export type { Bounds, Delay, Effect, KnobSince, Multiple, TimerRow } from './row';

export const TIMERS = {
  ...ADDRESS_TIMERS,
  ...API_CLIENT_TIMERS,
  ...AUTOSCALING_TIMERS,
  ...COMPONENT_TIMERS,
  ...CONNTRACK_TIMERS,
  ...CONTROL_PLANE_TIMERS,
  ...COREDNS_TIMERS,
  ...DATA_PLANE_TIMERS,
  ...KUBECTL_TIMERS,
  ...NODE_TIMERS,
  ...OBJECT_TIMERS,
  ...POLICY_TIMERS,
} as const;

export type TimerName = keyof typeof TIMERS;
