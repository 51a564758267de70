// Goal: an index answers as a look at every object would. Method: objects come, change and go by
// chance, and each answer is compared with that of the selector itself.

import { expect } from 'chai';
import { LabelIndex } from '../../src/controllers/label-index';
import { SelectorIndex } from '../../src/controllers/selector-index';
import { Random } from '../../src/kernel/random';
import { matchesLabels } from '../../src/values/labels';
import type { Labels } from '../../src/values/labels';
import { runOf } from './pod-runs';

const NAMESPACES = ['shop', 'bank'];
const LABELS: readonly Labels[] = [
  {},
  { app: 'web' },
  { app: 'web', tier: 'front' },
  { tier: 'web' },
  { app: 'db', tier: 'back' },
];
const STEPS = 400;

/** Puts, changes and takes away; what is there in the end is in the order of its last change. */
function byChance(
  stream: string,
  update: (namespace: string, key: string, before: Labels | undefined, after?: Labels) => void,
): Map<string, Labels> {
  const draw = new Random(5).stream(stream);
  const objects = new Map<string, Labels>();
  for (let step = 0; step < STEPS; step++) {
    const namespace = NAMESPACES[draw.below(NAMESPACES.length)]!;
    const key = `${namespace}/${draw.below(40)}`;
    const labels = LABELS[draw.below(LABELS.length + 1)];
    const before = objects.get(key);
    if (before === labels) continue;
    update(namespace, key, before, labels);
    objects.delete(key);
    if (labels !== undefined) objects.set(key, labels);
  }
  return objects;
}

function within(objects: ReadonlyMap<string, Labels>, namespace: string): [string, Labels][] {
  return [...objects].filter(([key]) => key.startsWith(`${namespace}/`));
}

describe('objects by their labels', () => {
  const index = new LabelIndex();
  const objects = byChance('labels', (...change) => index.update(...change));

  for (const namespace of NAMESPACES) {
    for (const wanted of LABELS) {
      it(`are those that ${JSON.stringify(wanted)} selects in ${namespace}`, () => {
        const selected = within(objects, namespace).filter(([, it]) => matchesLabels(it, wanted));
        const keys = selected.map(([key]) => key);
        expect(keys).to.not.deep.equal([]);
        expect([...index.matching(namespace, wanted)]).to.have.members(keys);
      });
    }
  }

  it('come in the order in which they got their labels', () => {
    const subject = new LabelIndex();
    for (const key of ['a', 'b', 'c']) subject.update('shop', key, undefined, { app: 'web' });
    subject.update('shop', 'a', { app: 'web' }, { app: 'web', tier: 'front' });
    expect([...subject.matching('shop', { app: 'web' })]).to.deep.equal(['b', 'c', 'a']);
  });

  it('are the same whether it is asked all the time or once', () => {
    const often = new LabelIndex();
    byChance('labels', (...change) => {
      often.update(...change);
      for (const wanted of LABELS)
        for (const namespace of NAMESPACES) often.matching(namespace, wanted);
    });
    for (const wanted of LABELS) {
      const once = [...index.matching('shop', wanted)];
      expect([...often.matching('shop', wanted)]).to.deep.equal(once);
    }
  });

  it('are known by their runs for as long as all of them came in runs, and kept their labels', () => {
    const labels = { app: 'web', tier: 'front' };
    const runs = [runOf(['a', 'b'], { labels }), runOf(['c', 'd'], { labels })];
    const events: readonly ((index: LabelIndex) => void)[] = [
      (index) => index.update('shop', 'b', labels, undefined),
      (index) => index.update('shop', 'b', labels, { app: 'web' }),
      (index) => index.update('shop', 'e', undefined, labels),
      (index) => index.update('shop', 'e', undefined, { ...labels }),
      (index) => index.addRun('shop', runOf(['e'], { labels: { app: 'web' } }), { app: 'web' }),
    ];
    for (const [at, event] of events.entries()) {
      const index = new LabelIndex();
      for (const run of runs) index.addRun('shop', run, labels);
      expect(index.runsMatching('shop', { app: 'web' })).to.deep.equal(runs);
      expect(index.runsMatching('shop', {})).to.equal(undefined);
      expect(index.runsMatching('shop', { app: 'db' })).to.equal(undefined);
      expect(index.runsMatching('bank', { app: 'web' })).to.equal(undefined);
      event(index);
      expect(index.runsMatching('shop', { app: 'web' }), String(at)).to.equal(undefined);
    }
  });

  it('are found in runs that come when others were asked for by their keys', () => {
    const labels = { app: 'web' };
    const subject = new LabelIndex();
    const runs = ['ab', 'cd'].map((keys) => runOf([...keys], { labels }));
    for (const [at, run] of runs.entries()) {
      subject.addRun('shop', run, labels);
      const keys = [...subject.matching('shop', labels)].join('');
      expect(keys).to.equal('abcd'.slice(0, 2 * at + 2));
      expect(subject.runsMatching('shop', labels)).to.deep.equal(runs.slice(0, at + 1));
    }
    subject.update('shop', 'a', labels, undefined);
    subject.addRun('shop', runOf(['e'], { labels }), labels);
    expect([...subject.matching('shop', labels)]).to.deep.equal(['b', 'c', 'd', 'e']);
    expect(subject.runsMatching('shop', labels)).to.equal(undefined);
  });

  it('are the same whether pods of one template come together or one by one', () => {
    const [together, apart] = [new LabelIndex(), new LabelIndex()];
    const labels = { app: 'web', tier: 'front' };
    const run = runOf(['a', 'b', 'c'], { labels });
    for (const subject of [together, apart]) subject.update('shop', 'z', undefined, { app: 'web' });
    together.addRun('shop', run, labels);
    for (const key of ['a', 'b', 'c']) apart.update('shop', key, undefined, labels);
    for (const subject of [together, apart]) {
      subject.update('shop', 'y', undefined, { app: 'web' });
      subject.update('shop', 'b', labels, { app: 'web' });
      subject.update('shop', 'c', labels, undefined);
    }
    expect([...together.matching('shop', { app: 'web' })]).to.deep.equal(['z', 'a', 'y', 'b']);
    for (const wanted of LABELS) {
      const keys = [...apart.matching('shop', wanted)];
      expect([...together.matching('shop', wanted)], JSON.stringify(wanted)).to.deep.equal(keys);
    }
  });

  it('of a namespace stand in the order in which they came, whatever labels they got since', () => {
    const subject = new LabelIndex();
    for (const key of ['a', 'b', 'c']) subject.update('shop', key, undefined, { app: key });
    subject.update('shop', 'a', { app: 'a' }, { app: 'x' });
    subject.update('shop', 'b', { app: 'b' }, undefined);
    subject.update('shop', 'b', undefined, { app: 'b' });
    expect([...subject.matching('shop', {})]).to.deep.equal(['a', 'c', 'b']);
  });

  it('are none when all is forgotten, whether it was read or not', () => {
    const subject = new LabelIndex();
    subject.update('shop', 'a', undefined, { app: 'web' });
    subject.clear();
    expect([...subject.matching('shop', { app: 'web' })]).to.deep.equal([]);
  });

  it('are none for a value that nothing has', () => {
    expect([...index.matching('shop', { app: 'web', tier: 'none' })]).to.deep.equal([]);
    expect([...index.matching('nowhere', {})]).to.deep.equal([]);
  });
});

describe('selectors by the labels that they select', () => {
  const index = new SelectorIndex();
  const selectors = byChance('selectors', (namespace, key, _before, after) => {
    index.update(namespace, key, after);
  });

  for (const namespace of NAMESPACES) {
    for (const labels of LABELS) {
      it(`are found, sorted by key, for ${JSON.stringify(labels)} in ${namespace}`, () => {
        const selecting = within(selectors, namespace).filter(([, selector]) => {
          return Object.keys(selector).length > 0 && matchesLabels(labels, selector);
        });
        const keys = selecting.map(([key]) => key).sort();
        expect(index.selecting(namespace, labels)).to.deep.equal(keys);
      });
    }
  }

  it('are found anew for the same labels when a selector has come, changed or gone', () => {
    const subject = new SelectorIndex();
    const labels: Labels = { app: 'web' };
    const answers: (readonly string[])[] = [];
    for (const selector of [undefined, { app: 'web' }, { app: 'db' }, { app: 'web' }, undefined]) {
      subject.update('shop', 'a', selector);
      answers.push(subject.selecting('shop', labels), subject.selecting('bank', labels));
    }
    subject.update('shop', 'b', { app: 'web' });
    answers.push(subject.selecting('shop', labels));
    subject.clear();
    answers.push(subject.selecting('shop', labels));
    expect(answers).to.deep.equal([[], [], ['a'], [], [], [], ['a'], [], [], [], ['b'], []]);
  });
});
