// Goal: what a pass asks for goes out in its stages, each write under a number of its own.

import { expect } from 'chai';

import { Pass } from '../../src/controllers/pass';
import type { KubeObject } from '../../src/values/kube-object';
import { seconds } from '../../src/values/time';

function pod(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name } };
}

/** The keys of the writes of the next stage. */
function nextKeys(pass: Pass): string[] {
  const keys: string[] = [];
  for (let number = pass.nextStage(); number < pass.stageEnd; number++) {
    keys.push(pass.writeAt(number).key);
  }
  return keys;
}

describe('a pass', () => {
  it('is idle until something is written, stages or not', () => {
    const pass = new Pass('ReplicaSet', 'shop/web', 'spec');
    pass.then();
    expect(pass.isIdle).to.equal(true);
    expect(pass.hasMore).to.equal(false);
    pass.create(pod('a'));
    expect(pass.isIdle).to.equal(false);
  });

  it('sends one stage after the other, however often a stage was closed', () => {
    const pass = new Pass('ReplicaSet', 'shop/web', 'spec');
    pass.then();
    pass.create(pod('a'));
    pass.create(pod('b'), 2);
    pass.then();
    pass.then();
    pass.create(pod('c'));
    pass.then();
    expect(pass.isFirstStage).to.equal(true);
    expect(nextKeys(pass)).to.deep.equal(['shop/a', 'shop/b', 'shop/b']);
    expect([pass.isFirstStage, pass.hasMore]).to.deep.equal([false, true]);
    expect([pass.answered(), pass.answered(), pass.answered()]).to.deep.equal([2, 1, 0]);
    expect(pass.skipped().map(({ key }) => key)).to.deep.equal(['shop/c']);
    expect(nextKeys(pass)).to.deep.equal(['shop/c']);
    expect([pass.hasMore, pass.skipped()]).to.deep.equal([false, []]);
    expect(pass.writes.map(({ key }) => key)).to.deep.equal([
      'shop/a',
      'shop/b',
      'shop/b',
      'shop/c',
    ]);
  });

  it('concludes with the one write that leaves nothing to do', () => {
    const pass = new Pass('Pod', 'shop/a', 'spec');
    const object = pod('a');
    pass.conclude(object, { phase: 'Running' });
    expect(pass.concluded).to.equal(object);
    expect(pass.writes.map(({ patch }) => patch)).to.deep.equal([{ status: { phase: 'Running' } }]);
    const other = new Pass('Pod', 'shop/a', 'spec');
    other.delete(pod('b'));
    other.conclude(object, { phase: 'Running' });
    expect(other.concluded).to.equal(undefined);
    expect(other.writes).to.have.length(2);
  });

  it('concludes nothing where it wants to look again later', () => {
    const pass = new Pass('Pod', 'shop/a', 'spec');
    pass.conclude(pod('a'), { phase: 'Running' });
    pass.requeueAfter(seconds(7), 'spec.minReadySeconds');
    expect(pass.concluded).to.equal(undefined);
  });
});
