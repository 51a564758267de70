// The delays by which the speakers of MetalLB notice that they do not hear each other, and tell
// the network who answers for an address. Loops among them are waits: what falls between two of
// their ticks is what decides who notices first, so no profile leaves it out.

import { fixed } from './row';
import type { TimerRow } from './row';
import { milliseconds, seconds } from '../values/time';

const CONFIG = 'hashicorp/memberlist config.go (DefaultLANConfig)';
const FILE = '/etc/metallb/memberlist/config.json';
const TICK = { least: milliseconds(1) };

export const MEMBERLIST_TIMERS = {
  'metallb.probeInterval': {
    kind: 'wait',
    delays: "a speaker's next probe of another one, and giving one up; played out under a cut",
    value: fixed(seconds(1)),
    knob: `${FILE} ProbeInterval`,
    bounds: TICK,
    source: `${CONFIG}; state.go probeNode`,
  },
  'metallb.probeTimeout': {
    kind: 'wait',
    delays: 'asking others to probe a speaker that has not answered',
    value: fixed(milliseconds(500)),
    knob: `${FILE} ProbeTimeout`,
    source: `${CONFIG}; state.go probeNode`,
  },
  'metallb.suspicionTimeout': {
    kind: 'wait',
    delays: 'the death of a suspected speaker; six times that while none of four or more agrees',
    value: fixed(seconds(4)),
    knob: `${FILE} SuspicionMult (4)`,
    follows: [{ times: 4, of: 'metallb.probeInterval' }],
    source: `${CONFIG}; suspicion.go; util.go suspicionTimeout (from 11 speakers on times log10)`,
  },
  'metallb.gossipInterval': {
    kind: 'wait',
    delays: 'the next round in which a speaker tells others what it has heard',
    value: fixed(milliseconds(200)),
    knob: `${FILE} GossipInterval`,
    bounds: TICK,
    source: `${CONFIG}; state.go gossip`,
  },
  'metallb.gossipToTheDead': {
    kind: 'wait',
    delays: 'the end of talking to a dead speaker, and forgetting it',
    value: fixed(seconds(30)),
    knob: `${FILE} GossipToTheDeadTime`,
    source: `${CONFIG}; state.go resetNodes`,
  },
  'metallb.pushPullInterval': {
    kind: 'wait',
    delays: 'the next complete exchange of two speakers',
    value: fixed(seconds(30)),
    knob: `${FILE} PushPullInterval`,
    bounds: TICK,
    source: `${CONFIG}; state.go pushPullTrigger, util.go pushPullScale (longer from 33 on)`,
  },
  'metallb.tcpTimeout': {
    kind: 'wait',
    delays: 'giving up on a complete exchange',
    value: fixed(seconds(10)),
    knob: `${FILE} TCPTimeout`,
    source: CONFIG,
  },
  'metallb.rejoinInterval': {
    kind: 'wait',
    delays: "a speaker's next call on those that are not on its list",
    value: fixed(seconds(60)),
    bounds: TICK,
    source: 'metallb internal/speakerlist/speakerlist.go joinMembers',
  },
  'metallb.gratuitousInterval': {
    kind: 'wait',
    delays: 'the next unasked announcement of an address, while they are repeated',
    value: fixed(milliseconds(1_100)),
    bounds: TICK,
    source: 'metallb internal/layer2/announcer.go spamLoop',
  },
  'metallb.gratuitousTime': {
    kind: 'wait',
    delays: 'the end of the repeated announcements of an address',
    value: fixed(seconds(5)),
    source: 'metallb internal/layer2/announcer.go spamLoop',
  },
} as const satisfies Readonly<Record<string, TimerRow>>;
