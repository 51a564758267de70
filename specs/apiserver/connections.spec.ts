// Goal: a client that is cut off from the API server misses what happens, notices when its own
// timers say so, and comes back as client-go does (timing.md §2.2, C10, C11).

import { expect } from 'chai';

import type { ApiResult } from '../../src/apiserver/api-server';
import { retransmission } from '../../src/apiserver/retransmission';
import { Phase } from '../../src/kernel/phase';
import { ratio } from '../../src/values/ratio';
import { milliseconds, seconds, ZERO } from '../../src/values/time';
import type { Duration, Instant } from '../../src/values/time';
import { ControlPlane, serviceOf } from '../controllers/control-plane';

const ACTOR = 'kube-proxy@worker-1';
const SECOND = 1_000_000;

function world(profile: 'default' | 'worst' = 'worst', kubernetes = '1.36') {
  const plane = new ControlPlane({ kubelet: false, profile, kubernetes });
  const seen: { readonly name: string; readonly at: number }[] = [];
  plane.api.informer({
    kind: 'Service',
    owner: ACTOR,
    onChange: ({ key }) => void seen.push({ name: key, at: plane.kernel.now / SECOND }),
  });
  const answers: { readonly result: ApiResult; readonly at: number }[] = [];
  const answer = plane.kernel.declare('spec.answer', (_, result) => {
    answers.push({ result: result as ApiResult, at: plane.kernel.now / SECOND });
  });
  const create = (name: string) => void plane.create(serviceOf(name));
  const ask = () =>
    plane.api.submit({
      verb: 'patch',
      kind: 'Service',
      key: 'shop/web',
      patch: { metadata: { labels: { asked: 'yes' } } },
      actor: ACTOR,
      answer: { kind: answer, a: 0 },
    });
  const at = (instant: number, act: () => void) => {
    const kind = plane.kernel.declare(`spec.${instant}`, act);
    plane.kernel.schedule((instant * SECOND) as Instant, Phase.fault, kind);
  };
  const runTo = (instant: number) => plane.kernel.runUntil((instant * SECOND) as Instant);
  return { plane, api: plane.api, seen, answers, create, ask, at, runTo };
}

describe('a watch over a path that is silently cut', () => {
  it('gets what was lost by a retransmission, if the path is free before the client notices', () => {
    const { api, seen, create, at, runTo } = world();
    at(10, () => api.sever(ACTOR, 'cut'));
    at(12, () => create('web'));
    at(20, () => api.mend(ACTOR, 'cut'));
    runTo(60);
    // Sent at 12 s, and again after 0.2, 0.4, 0.8, 1.6, 3.2 and 6.4 s more: at 24.6 s.
    expect(seen).to.deep.equal([{ name: 'shop/web', at: 24.6 }]);
  });

  it('goes on at once where nothing was lost', () => {
    const { api, seen, create, at, runTo } = world();
    at(10, () => api.sever(ACTOR, 'cut'));
    at(20, () => api.mend(ACTOR, 'cut'));
    at(21, () => create('web'));
    runTo(60);
    expect(seen.map((it) => it.at)).to.deep.equal([21.005]);
  });

  it('is given up 45 s after the last sign of life, and lists when the path is free', () => {
    const { plane, api, seen, create, at, runTo } = world();
    at(10, () => api.sever(ACTOR, 'cut'));
    at(12, () => create('web'));
    at(100, () => api.mend(ACTOR, 'cut'));
    runTo(200);
    const lost = plane.kernel.journal.all().find(({ action }) => action === 'lost');
    expect(lost?.at).to.equal(55 * SECOND);
    expect(seen).to.have.lengthOf(1);
    // It dials from 56.6 s on, each time for 30 s, with pauses of 1.6 s, 3.2 s …
    expect(seen[0]!.at).to.be.within(100, 135);
  });

  it('delivers nothing to a second cut after the first is mended', () => {
    const { api, seen, create, at, runTo } = world();
    at(10, () => api.sever(ACTOR, 'one'));
    at(11, () => api.sever(ACTOR, 'two'));
    at(12, () => create('web'));
    at(13, () => api.mend(ACTOR, 'one'));
    runTo(40);
    expect([seen, api.cutOf(ACTOR)]).to.deep.equal([[], 'silent']);
  });

  it('lets what was under way arrive', () => {
    const { api, seen, create, at, runTo } = world();
    at(10, () => {
      create('web');
      api.sever(ACTOR, 'cut');
    });
    runTo(20);
    expect(seen.map((it) => it.at)).to.deep.equal([10.005]);
  });
});

describe('a watch whose connection is reset', () => {
  it('is asked for again after 0.8 s and at most twice that, doubling to 30 s and twice that', () => {
    const { plane, api, seen, create, at, runTo } = world('default');
    at(10, () => api.sever(ACTOR, 'down', 'refused'));
    at(12, () => create('web'));
    at(300, () => api.mend(ACTOR, 'down'));
    runTo(400);
    expect(seen).to.have.lengthOf(1);
    expect(seen[0]!.at).to.be.within(300, 360.1);
    const lost = plane.kernel.journal.all().find(({ action }) => action === 'lost');
    expect(lost?.at).to.equal(10 * SECOND);
  });

  /** When the client lists again if the path is free from then on; resets came at 10 s. */
  function returnFrom(mendedAt: number, kubernetes: string): number {
    const { api, seen, create, at, runTo } = world('worst', kubernetes);
    at(10, () => api.sever(ACTOR, 'down', 'refused'));
    at(12, () => create('web'));
    at(mendedAt, () => api.mend(ACTOR, 'down'));
    runTo(500);
    return seen[0]!.at;
  }

  // At the longest the tries come at 11.6, 14.8, 21.2, 34, 59.6, 110.8 s and then every 60 s.
  it('is asked for after 60 s at the most', () => {
    for (const kubernetes of ['1.35', '1.36']) {
      expect(returnFrom(60, kubernetes)).to.equal(110.805);
      expect(returnFrom(111, kubernetes)).to.equal(170.805);
    }
  });

  it('is asked for soon again two minutes after the first failure, since 1.36', () => {
    // The try at 170.8 s fails more than 120 s after the back-off began: 1.6 s until the next one.
    expect(returnFrom(171, '1.36')).to.equal(172.405);
    expect(returnFrom(171, '1.35')).to.equal(230.805);
  });

  it('counts a failure after two quiet minutes as the first, in every version', () => {
    for (const kubernetes of ['1.35', '1.36']) {
      const { api, seen, create, at, runTo } = world('worst', kubernetes);
      at(10, () => api.sever(ACTOR, 'down', 'refused'));
      at(50, () => api.mend(ACTOR, 'down'));
      at(200, () => api.sever(ACTOR, 'again', 'refused'));
      at(201, () => create('web'));
      at(201.5, () => api.mend(ACTOR, 'again'));
      runTo(400);
      expect(seen[0]!.at).to.equal(201.605);
    }
  });

  it('is back within 1.6 s after a short outage', () => {
    const { api, seen, create, at, runTo } = world('default');
    at(10, () => api.sever(ACTOR, 'down', 'refused'));
    at(10.5, () => {
      create('web');
      api.mend(ACTOR, 'down');
    });
    runTo(20);
    expect(seen[0]!.at).to.be.within(10.8, 11.61);
  });

  it('keeps the run busy once the path is free, and not before', () => {
    const { plane, api, at, runTo } = world();
    at(10, () => api.sever(ACTOR, 'down', 'refused'));
    runTo(30);
    expect(plane.kernel.idle).to.equal(true);
    api.mend(ACTOR, 'down');
    expect(plane.kernel.idle).to.equal(false);
  });

  it('waits for a client that is stopped, and is asked for when that goes on', () => {
    const { plane, api, seen, create, at, runTo } = world();
    at(10, () => api.sever(ACTOR, 'down', 'refused'));
    at(10.5, () => plane.kernel.pause(ACTOR, 'stopped'));
    // Its next attempt was due at 11.6 s.
    at(20, () => {
      create('web');
      api.mend(ACTOR, 'down');
    });
    at(30, () => plane.kernel.resume(ACTOR, 'stopped'));
    runTo(60);
    expect(seen.map(({ name }) => name)).to.deep.equal(['shop/web']);
    expect(seen[0]!.at).to.be.within(30, 30.1);
  });
});

describe('a request', () => {
  it('fails at once where connections are refused', () => {
    const { api, answers, create, ask, at, runTo } = world();
    create('web');
    at(10, () => api.sever(ACTOR, 'down', 'refused'));
    at(11, ask);
    runTo(20);
    expect(answers).to.deep.equal([{ result: 'unreachable', at: 11 }]);
  });

  it('fails at once where the server only answers with errors, and the watch stands', () => {
    const { api, answers, seen, create, ask, at, runTo } = world();
    create('web');
    at(10, () => api.sever(ACTOR, 'etcd', 'failing'));
    at(11, ask);
    at(12, () => create('other'));
    runTo(20);
    expect(answers).to.deep.equal([{ result: 'unreachable', at: 11 }]);
    expect(seen.at(-1)).to.deep.equal({ name: 'shop/other', at: 12.005 });
  });

  it('waits on a stalled connection and arrives by a retransmission', () => {
    const { api, answers, create, ask, at, runTo } = world();
    create('web');
    at(10, () => api.sever(ACTOR, 'cut'));
    at(11, ask);
    at(12, () => api.mend(ACTOR, 'cut'));
    runTo(20);
    // Sent at 11 s, and again at 11.2, 11.6 and 12.4 s; the write takes 10 ms.
    expect(answers).to.deep.equal([{ result: 'ok', at: 12.41 }]);
  });

  it('fails when the client finds its connection dead', () => {
    const { api, answers, create, ask, at, runTo } = world();
    create('web');
    at(10, () => api.sever(ACTOR, 'cut'));
    at(11, ask);
    runTo(60);
    expect(answers).to.deep.equal([{ result: 'unreachable', at: 55 }]);
  });

  it('of somebody who was never heard of fails while the server is gone', () => {
    const { plane, api, at, runTo } = world();
    at(10, () => api.severAll('apiserver', 'refused'));
    at(11, () =>
      api.submit({ verb: 'delete', kind: 'Service', key: 'shop/web', actor: 'kubectl' }),
    );
    runTo(20);
    const failed = plane.kernel.journal.all().find(({ action }) => action === 'failed');
    expect(failed?.detail).to.equal('delete: the API server cannot be reached');
  });
});

describe('whoever begins to watch while the server is gone', () => {
  it('lists when it is back', () => {
    const { plane, api, create, at, runTo } = world();
    const late: string[] = [];
    create('web');
    at(10, () => api.severAll('apiserver', 'refused'));
    at(12, () => {
      const onChange = ({ key }: { readonly key: string }) => void late.push(key);
      plane.api.informer({ kind: 'Service', owner: 'coredns@new', onChange }).relist();
    });
    runTo(20);
    expect(late).to.deep.equal([]);
    api.mendAll('apiserver');
    runTo(60);
    expect(late).to.deep.equal(['shop/web']);
  });
});

describe('a retransmission', () => {
  const from = (instant: number) =>
    retransmission(0 as Instant, milliseconds(200), milliseconds(instant) as unknown as Instant);

  it('comes after 0.2 s, doubling, up to two minutes', () => {
    expect([0, 1, 200, 201, 601, 1_401].map((it) => from(it) / 1_000)).to.deep.equal([
      0, 200, 200, 600, 1_400, 3_000,
    ]);
    const late = retransmission(0 as Instant, seconds(1), seconds(600) as unknown as Instant);
    expect((late / SECOND - 127) % 120).to.equal(0);
  });

  it('is immediate where nothing takes any time', () => {
    const now = seconds(5) as unknown as Instant;
    expect(retransmission(0 as Instant, 0 as Duration, now)).to.equal(now);
  });
});

describe('a client that dials over a line that loses everything', () => {
  const nothing = [{ after: ZERO, probability: ratio(0, 1) }];
  const LOST = { there: ZERO, back: ZERO, chances: { there: nothing, back: nothing } };
  const GOOD = { there: ZERO, back: ZERO };

  it('connects by the next SYN when the line is good again', () => {
    const { plane, api, at, runTo } = world();
    at(10, () => api.lags.set(ACTOR, LOST));
    at(12, () => api.reconnect(ACTOR));
    at(20, () => api.lags.set(ACTOR, GOOD));
    runTo(60);
    const lines = plane.kernel.journal.all().filter(({ actor }) => actor === ACTOR);
    const dialled = lines.find(({ action }) => action === 'opened')!.at / SECOND;
    // After the pause of the reflector, 1.6 s at worst, SYNs leave at 0, 1, 3, 7 and 15 s.
    expect(dialled).to.equal(12 + 1.6 + 7);
  });
});
