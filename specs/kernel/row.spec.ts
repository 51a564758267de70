// Goal: a row is a cheaper way to schedule one event after the other, and nothing else: the same
// order among all others, the same causes, and each event waits for its own owner.

import { expect } from 'chai';

import { copyState } from '../../src/kernel/copy-state';
import type { EventKind } from '../../src/kernel/event-queue';
import { Kernel } from '../../src/kernel/kernel';
import { Phase } from '../../src/kernel/phase';
import type { Instant } from '../../src/values/time';

const TARGETS = ['a', 'b', 'c'] as const;

/** Two targets of three answer: one at an earlier phase of the instant, one at the same. */
function world() {
  const kernel = new Kernel(1);
  const told = kernel.declare(
    'told',
    (target, b) => {
      kernel.note(String(target), 'told', String(b));
      if (target === 'a') kernel.schedule(kernel.now, Phase.api, written, target);
      if (target === 'b') kernel.schedule(kernel.now, Phase.agent, looked, target);
    },
    { owner: (target) => `watcher@${target}` },
  );
  const written = kernel.declare('written', (by) => void kernel.note('api', 'wrote', String(by)));
  const looked = kernel.declare('looked', (by) => void kernel.note(String(by), 'looked', 'it'));
  return { kernel, told, looked };
}

type Scheduling = (kernel: Kernel, kind: EventKind, at: Instant) => void;

const ONE_BY_ONE: Scheduling = (kernel, kind, at) => {
  for (const target of TARGETS) kernel.schedule(at, Phase.agent, kind, target, 7, 'watch');
};
const IN_A_ROW: Scheduling = (kernel, kind, at) => {
  kernel.scheduleRow(at, Phase.agent, kind, TARGETS, 7, 'watch');
};

/** The journal of both ways to schedule, with what else happens at the instant. */
function lines(schedule: Scheduling, meanwhile: (kernel: Kernel) => void = () => {}) {
  const { kernel, told, looked } = world();
  const at = 10 as Instant;
  kernel.schedule(at, Phase.agent, looked, 'before');
  kernel.note('spec', 'began', 'it');
  schedule(kernel, told, at);
  kernel.schedule(at, Phase.agent, looked, 'after');
  expect(kernel.pending()).to.have.length(5);
  meanwhile(kernel);
  kernel.runUntil(20 as Instant);
  expect(kernel.idle).to.equal(true);
  return kernel.journal.all();
}

describe('a row of events', () => {
  it('happens as its events would one by one, earlier phases in between', () => {
    const journal = lines(IN_A_ROW);
    expect(journal).to.deep.equal(lines(ONE_BY_ONE));
    expect(journal.map(({ actor, action }) => `${actor} ${action}`)).to.deep.equal([
      'spec began',
      'before looked',
      'a told',
      'api wrote',
      'b told',
      'c told',
      'after looked',
      'b looked',
    ]);
  });

  it('waits for each owner by itself', () => {
    const stop = (kernel: Kernel): void => {
      kernel.pause('watcher@b', 'fault');
      kernel.runUntil(15 as Instant);
      kernel.resume('watcher@b', 'fault');
    };
    const journal = lines(IN_A_ROW, stop);
    expect(journal).to.deep.equal(lines(ONE_BY_ONE, stop));
    expect(journal.find(({ actor }) => actor === 'b')!.at).to.equal(15);
  });

  it('is carried over into a fork with what is left of it', () => {
    const fork = (kernel: Kernel): void => {
      const other = world().kernel;
      copyState(kernel, other);
      other.runUntil(20 as Instant);
      expect(other.journal.all()).to.deep.equal(lines(ONE_BY_ONE));
    };
    lines(IN_A_ROW, fork);
  });

  it('of nobody is nothing', () => {
    const { kernel, told } = world();
    kernel.scheduleRow(10 as Instant, Phase.agent, told, []);
    expect(kernel.idle).to.equal(true);
  });
});
