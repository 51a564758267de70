// Goal: a controller looks at its pods when it has been shown all that it has asked for, and no
// sooner: else it asks for the same twice.
// source: pkg/controller/controller_utils.go UIDTrackingControllerExpectations

import { expect } from 'chai';
import { Expectations } from '../../../src/controllers/workloads/expectations';

const KEY = 'shop/web';

describe('the expectations of a controller', () => {
  it('are met when every creation was shown, and stay so whatever else comes', () => {
    const expectations = new Expectations();
    expect(expectations.areMet(KEY)).to.equal(true);
    expectations.expectCreations(KEY, 3);
    expectations.created(KEY);
    expectations.created('shop/other', 2);
    expect(expectations.areMet(KEY)).to.equal(false);
    expectations.created(KEY, 2);
    expect(expectations.areMet(KEY)).to.equal(true);
    expectations.created(KEY, 5);
    expectations.expectCreations(KEY, 1);
    expect(expectations.areMet(KEY)).to.equal(false);
  });

  it('are met when each deletion was shown, of the very pods that were to go', () => {
    const expectations = new Expectations();
    expectations.expectDeletions(KEY, ['a', 'b']);
    for (const uid of ['a', 'a', 'c', undefined]) expectations.deleted(KEY, uid);
    expect(expectations.areMet(KEY)).to.equal(false);
    expectations.deleted(KEY, 'b');
    expect(expectations.areMet(KEY)).to.equal(true);
  });

  it('are not met by creations alone where a deletion is expected, nor the other way round', () => {
    const expectations = new Expectations();
    for (const first of ['created', 'deleted']) {
      expectations.expectCreations(KEY, 1);
      expectations.expectDeletions(KEY, ['a']);
      if (first === 'created') expectations.created(KEY);
      else expectations.deleted(KEY, 'a');
      expect(expectations.areMet(KEY), first).to.equal(false);
      if (first === 'created') expectations.deleted(KEY, 'a');
      else expectations.created(KEY);
      expect(expectations.areMet(KEY), first).to.equal(true);
    }
  });

  it('are forgotten with whom they are of', () => {
    const expectations = new Expectations();
    expectations.expectCreations(KEY, 2);
    expectations.forget(KEY);
    expect(expectations.areMet(KEY)).to.equal(true);
    expectations.expectDeletions(KEY, ['a']);
    expectations.clear();
    expect(expectations.areMet(KEY)).to.equal(true);
  });
});
