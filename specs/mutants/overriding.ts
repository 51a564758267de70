// What can be wrong about timers that a scenario overrides by name.

import { LeftDelays } from '../../src/apiserver/left-delays';
import { Timing } from '../../src/timing';
import type { TimerName } from '../../src/timing';
import type { Mutant } from './mutants';
import { replace } from './replace';
import type { Undo } from './replace';

const TIMEOUTS = 'scenarios/timing/overridden-timeouts.yaml';
const DEFAULTS = 'scenarios/timing/overridden-defaults.yaml';

/** Configured delays of one part are what the table says, whatever the scenario overrides. */
function fixedTimersOf(part: string): Undo {
  return replace(Timing.prototype, 'base', (base: Timing['base']) => {
    return function (this: Timing, name: TimerName, actor?: string) {
      return name.startsWith(`${part}.`)
        ? this.row(name).value.least
        : base.call(this, name, actor);
    };
  });
}

export const OVERRIDING_MUTANTS: readonly Mutant[] = [
  {
    name: 'conntrack-has-constants',
    sentence: 'The timeouts of conntrack are constants.',
    scenario: TIMEOUTS,
    expectation: 'is refused by 10.96.0.50:8125/udp',
    breaks: () => fixedTimersOf('conntrack'),
  },
  {
    name: 'repetitions-have-constants',
    sentence: 'A client sends fifteen times again what it has lost on an open connection.',
    scenario: TIMEOUTS,
    expectation: 'gets no answer from pod/shop/near:8080',
    breaks: () => fixedTimersOf('tcp'),
  },
  {
    name: 'kubelets-are-all-alike',
    sentence: 'What is said of the delays of one kubelet holds for none.',
    scenario: 'scenarios/lifecycle/kubelets-differ.yaml',
    expectation: 'the kubelet of worker-1 says that its node is shutting down',
    breaks: () =>
      replace<Timing['given']>(Timing.prototype, 'given', (given) => {
        return function (this: Timing, name) {
          return given.call(this, name, undefined);
        };
      }),
  },
  {
    name: 'forward-has-constants',
    sentence: 'The timeouts of forward are constants.',
    scenario: TIMEOUTS,
    expectation: 'resolves wiki.corp.example. to 203.0.113.9 at 9s',
    breaks: () => fixedTimersOf('coredns'),
  },
  {
    name: 'nobody-fills-in-what-is-overridden',
    sentence: 'What an object leaves open is what upstream fills in, whatever the scenario says.',
    scenario: DEFAULTS,
    expectation: 'node/worker-1 fails to reach pod/shop/open:8080',
    breaks: () =>
      replace<LeftDelays['complete']>(LeftDelays.prototype, 'complete', () => (object) => object),
  },
  {
    name: 'the-override-goes-before-the-object',
    sentence: 'An overridden default replaces what an object says itself.',
    scenario: DEFAULTS,
    expectation: 'node/worker-1 reaches pod/shop/said:8080',
    breaks: () =>
      replace<LeftDelays['complete']>(LeftDelays.prototype, 'complete', (complete) => {
        return function (this: LeftDelays, object) {
          const { terminationGracePeriodSeconds, ...spec } = (object.spec ?? {}) as {
            terminationGracePeriodSeconds?: number;
          };
          const open = terminationGracePeriodSeconds === undefined ? object : { ...object, spec };
          return complete.call(this, open);
        };
      }),
  },
];
