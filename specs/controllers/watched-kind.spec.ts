// Goal: what changes of a kind becomes keys in the queue: each once, whoever is told of how much at
// once; and who has nothing to do with a list of changes looks at none of them.

import { expect } from 'chai';

import type { Change } from '../../src/apiserver/informer';
import { News } from '../../src/apiserver/news';
import type { PodRun } from '../../src/apiserver/pod-run';
import { WorkQueue } from '../../src/apiserver/work-queue';
import { defineController } from '../../src/controllers/define';
import type { ControllerLogic, Workplace } from '../../src/controllers/define';
import { NOBODY } from '../../src/controllers/owner';
import { concernsNobody, WatchedKind } from '../../src/controllers/watched-kind';
import type { KeysOf } from '../../src/controllers/watched-kind';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { TimerName } from '../../src/timing';
import type { KubeVersion } from '../../src/values/kube-version';
import { milliseconds, START } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { seriesOf } from './pod-runs';

const ACTOR = 'controller-manager/spec';
const PERIOD: TimerName = 'controller-manager.endpointslice.updatesBatchPeriod';
const EARLY = -1_000_000 as Instant;

/** Two pods of one owner, one of another, one of nobody. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  a: Object.freeze(['one']),
  b: Object.freeze(['other', 'one']),
  c: NOBODY,
};
const CHANGES: readonly Change[] = ['a', 'a', 'b', 'c', 'a'].map((key) => {
  const after = { apiVersion: 'v1', kind: 'Pod', metadata: { name: key } };
  return { key, before: undefined, after, cause: -1 };
});

function setUp(
  options: {
    at?: Instant;
    gathers?: boolean;
    passes?: boolean;
    runs?: boolean;
    keysOf?: KeysOf;
  } = {},
) {
  const kernel = new Kernel(1, options.at ?? EARLY);
  const timing = new Timing(
    {
      kubernetes: '1.36' as KubeVersion,
      profile: 'default',
      overrides: { [PERIOD]: milliseconds(7) },
    },
    kernel.random,
  );
  const worked: [string, number][] = [];
  const looked: string[] = [];
  const queue = new WorkQueue(kernel, {
    name: ACTOR,
    backOff: { first: milliseconds(5), most: milliseconds(30), attempts: 4 },
    work: (key) => worked.push([key, kernel.now]),
  });
  const own: KeysOf = ({ key }) => {
    looked.push(key);
    return OWNERS[key]!;
  };
  const runs: string[][] = [];
  const comings = {
    Pod: (run: PodRun): readonly string[] => {
      runs.push(Array.from({ length: run.count }, (_, index) => run.keyAt(index)));
      return OWNERS['b']!;
    },
  };
  const logic: ControllerLogic = {
    watches: { Pod: options.keysOf ?? own },
    ...(options.runs === true && { comings }),
    ...(options.gathers === true && { gathers: { Pod: PERIOD } }),
    passesOver: () => options.passes === true,
    reconcile: () => {},
  };
  const definition = defineController({ name: 'spec', kind: 'Owner', create: () => logic });
  const place = { kernel, timing, queue, actor: ACTOR } as unknown as Workplace;
  const watched = new WatchedKind('Pod', definition, logic, place);
  const run = (): void => kernel.runUntil(milliseconds(100) as number as Instant);
  return { kernel, timing, watched, worked, looked, runs, run };
}

function newsOf(changes: readonly Change[]): News {
  return new News(0, 1, changes);
}

describe('a watched kind', () => {
  it('brings each key once, in the order of the changes', () => {
    const { watched, worked, run } = setUp();
    watched.onNews(newsOf(CHANGES));
    run();
    expect(worked).to.deep.equal([
      ['one', EARLY],
      ['other', EARLY],
    ]);
  });

  it('brings the same whether it is told of all at once or of one after the other', () => {
    const { watched, worked, run } = setUp({ at: START });
    for (const change of CHANGES) watched.onChange(change);
    run();
    expect(worked.map(([key]) => key)).to.deep.equal(['one', 'other']);
  });

  it('writes a line for every change that concerns somebody, from the start on', () => {
    const { kernel, watched } = setUp({ at: START });
    watched.onNews(newsOf(CHANGES));
    expect(kernel.journal.all().map(({ subject }) => subject)).to.deep.equal([
      'Pod/a',
      'Pod/a',
      'Pod/b',
      'Pod/a',
    ]);
  });

  it('gathers changes for as long as its timer says', () => {
    const { watched, worked, run } = setUp({ at: START, gathers: true });
    watched.onNews(newsOf(CHANGES));
    run();
    expect(worked).to.deep.equal([
      ['one', 7_000],
      ['other', 7_000],
    ]);
  });

  it('draws no wait for keys that the change before has brought just now', () => {
    const { timing, watched, worked, run } = setUp({ at: START, gathers: true });
    const waits = [9, 1, 5, 6, 7];
    timing.wait = () => milliseconds(waits.shift()!);
    watched.onNews(newsOf(CHANGES.slice(0, 2)));
    expect(waits).to.deep.equal([1, 5, 6, 7]);
    run();
    expect(worked).to.deep.equal([['one', 9_000]]);
  });

  it('looks at no change of a list that it passes over, but at one that comes alone', () => {
    const { watched, looked, run } = setUp({ passes: true });
    watched.onNews(newsOf(CHANGES));
    run();
    expect(looked).to.deep.equal([]);
    watched.onNews(newsOf(CHANGES.slice(0, 1)));
    expect(looked).to.deep.equal(['a']);
  });

  it('is told at once of pods of one series, among others, before the start', () => {
    const { watched, worked, looked, runs, run } = setUp({ runs: true });
    const [one, two, three] = seriesOf(['x', 'y', 'z'], {});
    const [other] = seriesOf(['w'], {});
    watched.onNews(newsOf([CHANGES[0]!, one!, two!, CHANGES[3]!, three!, other!]));
    expect(runs).to.deep.equal([['x', 'y'], ['z'], ['w']]);
    expect(looked).to.deep.equal(['a', 'c']);
    run();
    expect(worked.map(([key]) => key)).to.deep.equal(['one', 'other']);
  });

  it('is told of each by itself from the start on', () => {
    const seen: string[] = [];
    const keysOf: KeysOf = ({ key }) => {
      seen.push(key);
      return NOBODY;
    };
    const { watched, runs } = setUp({ runs: true, at: START, keysOf });
    watched.onNews(newsOf(seriesOf(['x', 'y'], {})));
    expect([runs, seen]).to.deep.equal([[], ['x', 'y']]);
  });

  it('looks at no pod of a series where it passes over it, though it comes alone', () => {
    const made: string[] = [];
    const { watched, looked } = setUp({ passes: true });
    watched.onNews(newsOf(seriesOf(['x'], {}, { made: (key) => made.push(key) })));
    expect([made, looked]).to.deep.equal([[], []]);
  });

  it('brings nothing where its objects are only looked up', () => {
    const { watched, worked, run } = setUp({ keysOf: concernsNobody });
    watched.onNews(newsOf(CHANGES));
    watched.onChange(CHANGES[0]!);
    run();
    expect(worked).to.deep.equal([]);
  });
});
