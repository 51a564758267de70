// Goal: watches that come late keep their order, what several faults say adds up, a change that is
// left out stays out until the next one or the next list, and a new process can be shown the past.

import { expect } from 'chai';

import type { Change } from '../../src/apiserver/informer';
import { seconds, ZERO } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { ControlPlane, serviceOf } from '../controllers/control-plane';

const ACTOR = 'kube-proxy@worker-1';
const OTHER = 'kube-proxy@worker-2';
const SECOND = 1_000_000;

type Labelled = Change['after'];

/** Two clients that watch Services; every line says when, of which, from which label to which. */
function world() {
  const { api, kernel } = new ControlPlane({ kubelet: false, profile: 'worst' });
  const told: string[] = [];
  const labelOf = (object: Labelled) =>
    object === undefined ? 'none' : (object.metadata.labels?.['n'] ?? '0');
  const watch = (owner: string) =>
    api.informer({
      kind: 'Service',
      owner,
      onChange: ({ key, before, after }) => {
        const who = owner === ACTOR ? '' : ' by the other';
        const at = kernel.now / SECOND;
        told.push(`${at} ${key.slice(5)} ${labelOf(before)}>${labelOf(after)}${who}`);
      },
    });
  const view = watch(ACTOR);
  const write = (verb: 'create' | 'patch' | 'delete', name: string, n = '0') => {
    const key = `shop/${name}`;
    const object = serviceOf(name);
    const patch = { metadata: { labels: { n } } };
    api.commitNow({ verb, kind: 'Service', key, object, patch, grace: 0, actor: 'kubectl' });
  };
  const until = (instant: number) => {
    kernel.runUntil((instant * SECOND) as Instant);
    return told.splice(0);
  };
  return { api, view, watch, write, until, staleness: api.staleness };
}

describe('a watch that is held up', () => {
  it('delivers each change later, in order, and to nobody else', () => {
    const { staleness, watch, write, until } = world();
    watch(OTHER);
    staleness.hold(ACTOR, 'a', seconds(5));
    until(1);
    write('create', 'web');
    until(2);
    write('patch', 'web', '1');
    expect(until(20)).to.deep.equal([
      '2.005 web 0>1 by the other',
      '6.005 web none>0',
      '7.005 web 0>1',
    ]);
  });

  it('is as late as all who hold it say together, until each has let go', () => {
    const { staleness, write, until } = world();
    staleness.hold(ACTOR, 'a', seconds(5));
    staleness.hold(ACTOR, 'b', seconds(2));
    until(1);
    write('create', 'web');
    expect(staleness.lagOf(ACTOR)).to.equal(seconds(7));
    until(2);
    staleness.release(ACTOR, 'a');
    expect(until(20)).to.deep.equal(['3.005 web none>0']);
    staleness.release(ACTOR, 'b');
    expect(staleness.lagOf(ACTOR)).to.equal(ZERO);
  });

  it('brings what was held up when the last one lets go, each change by itself', () => {
    const { staleness, write, until } = world();
    staleness.hold(ACTOR, 'a', seconds(60));
    until(1);
    write('create', 'web');
    write('patch', 'web', '1');
    until(4);
    staleness.release(ACTOR, 'a');
    expect(until(100)).to.deep.equal(['4.005 web none>0', '4.005 web 0>1']);
  });

  it('does not hold up a list', () => {
    const { staleness, view, write, until } = world();
    staleness.hold(ACTOR, 'a', seconds(60));
    until(1);
    write('create', 'web');
    view.hold();
    view.relist();
    expect(until(2)).to.deep.equal(['1 web none>0']);
  });
});

describe('a change that is missed', () => {
  const patches = { kind: 'Service', keys: '^shop/web$', event: 'update', nth: 2 } as const;

  it('is the one that was counted; the next one tells', () => {
    const { staleness, view, write, until } = world();
    write('create', 'web');
    until(1);
    expect(staleness.miss(ACTOR, 'a', patches)).to.equal(true);
    write('patch', 'web', '1');
    expect(until(2)).to.deep.equal(['1.005 web 0>1']);
    write('patch', 'web', '2');
    expect(until(3)).to.deep.equal([]);
    expect([view.get('shop/web')?.metadata.labels?.['n'], view.isWhole]).to.deep.equal([
      '1',
      false,
    ]);
    write('patch', 'web', '3');
    expect(until(4)).to.deep.equal(['3.005 web 1>3']);
    expect(view.isWhole).to.equal(true);
  });

  it('leaves all other objects as fresh as ever', () => {
    const { staleness, view, write, until } = world();
    write('create', 'web');
    until(1);
    staleness.miss(ACTOR, 'a', { ...patches, nth: 1 });
    write('patch', 'web', '1');
    write('create', 'shop');
    expect(until(2)).to.deep.equal(['1.005 shop none>0']);
    const shown = [...view.list()].map((it) => `${it.metadata.name} ${it.metadata.labels?.['n']}`);
    expect(shown).to.deep.equal(['shop undefined', 'web undefined']);
  });

  it('may be the end of an object, which stays there until a list tells', () => {
    const { staleness, view, write, until } = world();
    write('create', 'web');
    until(1);
    staleness.miss(ACTOR, 'a', { ...patches, event: 'delete', nth: 1 });
    write('delete', 'web');
    write('create', 'shop');
    until(2);
    expect([...view.list()].map(({ metadata }) => metadata.name)).to.deep.equal(['shop', 'web']);
    view.hold();
    view.relist();
    expect(until(3)).to.deep.equal(['2 web 0>none']);
    expect(view.isWhole).to.equal(true);
  });

  it('is none of a client that does not watch the kind, nor after the count has ended', () => {
    const { staleness, write, until } = world();
    expect(staleness.miss(OTHER, 'a', patches)).to.equal(false);
    expect(staleness.miss(ACTOR, 'a', { ...patches, kind: 'Pod' })).to.equal(false);
    write('create', 'web');
    staleness.miss(ACTOR, 'a', { ...patches, nth: 1 });
    staleness.attend(ACTOR, 'a');
    until(1);
    write('patch', 'web', '1');
    expect(until(2)).to.deep.equal(['1.005 web 0>1']);
  });
});

describe('a list from the past', () => {
  it('shows a new process what was, and the watch the rest of it right after', () => {
    const { staleness, view, write, until } = world();
    write('create', 'web');
    until(10);
    write('patch', 'web', '1');
    until(15);
    expect(staleness.rewind(ACTOR, 'a', seconds(8))).to.equal(true);
    view.hold();
    view.reset();
    view.relist();
    expect(until(20)).to.deep.equal(['15 web none>0', '15.005 web 0>1']);
  });

  it('is as old as the oldest that was said, and followed as late as its watch is held up', () => {
    const { staleness, view, write, until } = world();
    until(10);
    write('create', 'web');
    until(15);
    staleness.rewind(ACTOR, 'a', seconds(1));
    staleness.rewind(ACTOR, 'b', seconds(6));
    staleness.hold(ACTOR, 'a', seconds(8));
    view.hold();
    expect(view.jump()).to.equal(true);
    expect([...view.list()]).to.deep.equal([]);
    expect(until(30)).to.include('18.005 web none>0');
  });

  it('is never given to a process that only lists again', () => {
    const { staleness, view, write, until } = world();
    until(10);
    write('create', 'web');
    until(15);
    staleness.rewind(ACTOR, 'a', seconds(8));
    view.hold();
    view.relist();
    expect([...view.list()]).to.have.lengthOf(1);
    staleness.unwind(ACTOR, 'a');
    view.reset();
    view.relist();
    expect([...view.list()]).to.have.lengthOf(1);
  });
});

describe('a watch that breaks', () => {
  it('tells nothing until its client has waited and listed, and then changes as one', () => {
    const { api, write, until } = world();
    write('create', 'web');
    until(10);
    expect(api.endWatches(ACTOR)).to.equal(true);
    write('patch', 'web', '1');
    write('patch', 'web', '2');
    // 0.8 s of back-off at most doubled, and 5 ms for the list.
    expect(until(20)).to.deep.equal(['11.605 web 0>2']);
  });

  it('breaks nothing where the client has no connection, or is dead', () => {
    const { api, view } = world();
    view.hold();
    expect(api.endWatches(ACTOR)).to.equal(false);
    view.relist();
    api.sever(ACTOR, 'cut', 'refused');
    expect(api.endWatches(ACTOR)).to.equal(false);
  });
});
