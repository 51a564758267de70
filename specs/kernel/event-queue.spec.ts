// Goal: the queue is a total order and nothing else: (at, phase, seq). Method: compare it with
// the slow obvious twin, a sorted list, over many random fillings.

import { expect } from 'chai';
import { EventQueue } from '../../src/kernel/event-queue';
import type { Event, EventKind } from '../../src/kernel/event-queue';
import type { Phase } from '../../src/kernel/phase';
import { Stream } from '../../src/kernel/random';
import type { Instant } from '../../src/values/time';

function event(at: number, phase: number, seq: number, background = false): Event {
  return {
    at: at as Instant,
    phase: phase as Phase,
    seq,
    kind: 0 as EventKind,
    a: 0,
    b: 0,
    cause: -1,
    timer: '',
    background,
  };
}

function drained(queue: EventQueue): Event[] {
  const events: Event[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) events.push(next);
  return events;
}

describe('the event queue', () => {
  it('goes by instant, then phase, then order of scheduling', () => {
    const queue = new EventQueue();
    for (const it of [event(2, 0, 0), event(1, 5, 1), event(1, 0, 3), event(1, 0, 2)])
      queue.push(it);
    expect(drained(queue).map(({ seq }) => seq)).to.deep.equal([2, 3, 1, 0]);
  });

  it('agrees with a sorted list whatever comes in between', () => {
    const stream = new Stream(7);
    for (let round = 0; round < 50; round++) {
      const queue = new EventQueue();
      let list: Event[] = [];
      for (let seq = 0; seq < 60; seq++) {
        const next = event(stream.below(8), stream.below(3), seq);
        queue.push(next);
        list.push(next);
        if (stream.below(3) > 0) continue;
        list = list.sort((x, y) => x.at - y.at || x.phase - y.phase || x.seq - y.seq);
        expect(queue.pop()).to.equal(list.shift());
      }
      expect(queue.inOrder()).to.deep.equal(
        list.sort((x, y) => x.at - y.at || x.phase - y.phase || x.seq - y.seq),
      );
    }
  });

  it('agrees with a sorted list where the instant goes on while its events come', () => {
    const stream = new Stream(11);
    for (let round = 0; round < 50; round++) {
      const queue = new EventQueue();
      let list: Event[] = [];
      let now = 0;
      for (let seq = 0; seq < 90; seq++) {
        const next = event(now + stream.below(3), stream.below(7), seq, stream.below(4) === 0);
        if (next.at === now) queue.pushNow(next);
        else queue.push(next);
        list.push(next);
        list = list.sort((x, y) => x.at - y.at || x.phase - y.phase || x.seq - y.seq);
        expect(queue.peek()).to.equal(list[0]);
        if (stream.below(3) > 0) continue;
        expect(queue.pop()).to.equal(list.shift());
        now = list[0]?.at ?? now;
      }
      expect(queue.size).to.equal(list.length);
      expect(queue.inOrder()).to.deep.equal(list);
      expect(queue.idle).to.equal(list.every(({ background }) => background));
      expect(drained(queue)).to.deep.equal(list);
    }
  });

  it('holds on to nothing that has happened', () => {
    const queue = new EventQueue();
    const events = [event(0, 2, 0), event(0, 2, 1), event(0, 2, 2)];
    for (const it of events) queue.pushNow(it);
    drained(queue);
    expect(events.map(({ next }) => next)).to.deep.equal([undefined, undefined, undefined]);
  });

  it('is idle when only background events are left', () => {
    const queue = new EventQueue();
    expect(queue.idle).to.equal(true);
    queue.push(event(1, 0, 0, true));
    expect(queue.idle).to.equal(true);
    queue.push(event(0, 0, 1));
    expect(queue.idle).to.equal(false);
    queue.pop();
    expect(queue.idle).to.equal(true);
    expect(queue.size).to.equal(1);
  });

  it('is empty when it is empty', () => {
    const queue = new EventQueue();
    expect(queue.pop()).to.equal(undefined);
    expect(queue.peek()).to.equal(undefined);
  });
});
