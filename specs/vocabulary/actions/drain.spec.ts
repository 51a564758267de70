// Goal: `drain` hands the flags on, and takes whole seconds of grace.

import { expect } from 'chai';
import drain from '../../../src/vocabulary/actions/drain';
import { seconds } from '../../../src/values/time';
import { withNode } from './with-object';

describe('drain', () => {
  it('has no flag set by default', () => {
    const cluster = withNode();
    expect(drain.perform(cluster, { drain: 'worker-1' })).to.deep.equal(['node worker-1']);
    const none = { ignoreDaemonSets: false, deleteEmptyDirData: false, force: false };
    expect(cluster.calls).to.deep.equal([['drain', 'worker-1', none]]);
  });

  it('hands grace and timeout on', () => {
    const cluster = withNode();
    drain.perform(cluster, { drain: 'worker-1', force: true, grace: '5s', timeout: '1m' });
    expect(cluster.calls[0]![2]).to.include({ force: true, grace: 5, timeout: seconds(60) });
  });

  it('takes whole seconds of grace', () => {
    const [problem] = drain.check!({ drain: 'worker-1', grace: '500ms' });
    expect(problem!.message).to.equal('"500ms" is not whole seconds');
  });
});
