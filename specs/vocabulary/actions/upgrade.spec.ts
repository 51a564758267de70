// Goal: `upgrade` says that it is not modelled, when it is read and when it is run.

import { expect } from 'chai';
import upgrade from '../../../src/vocabulary/actions/upgrade';
import { shop } from '../../runner/fake-cluster';

describe('upgrade', () => {
  const args = { upgrade: 'worker-1', to: '1.36' };

  it('is warned about', () => {
    const [problem] = upgrade.check!(args);
    expect(problem).to.include({ severity: 'warning' });
    expect(problem!.message).to.match(/^not modelled: a cluster has one version/);
  });

  it('fails', () => {
    expect(() => upgrade.perform(shop(), args)).to.throw('not modelled: upgrade of worker-1');
  });
});
