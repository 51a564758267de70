// Goal: a controller knows its own writes from those of others, also where its informer is told of
// them before the answer is there.
// Rules: pkg/controller/util/endpointslice/endpointslice_tracker.go.

import { expect } from 'chai';

import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import { NewSlice } from '../../../src/apiserver/late-slice';
import type { SliceText } from '../../../src/apiserver/late-slice';
import { NO_ENDPOINTS } from '../../../src/controllers/endpointslices/slice-draft';
import { SliceTracker } from '../../../src/controllers/endpointslices/slice-tracker';

const SERVICE = 'shop/web';

function sliceOf(name: string, generation: number): EndpointSlice {
  return { metadata: { name, namespace: 'shop', generation } } as unknown as EndpointSlice;
}

describe('a slice that was asked for', () => {
  it('is no news as it was asked for, and is some as soon as somebody has written it since', () => {
    const tracker = new SliceTracker();
    tracker.asksFor('shop/web-1');
    expect(tracker.isAsAsked(sliceOf('web-1', 1), 'shop/web-1')).to.equal(true);
    expect(tracker.isAsAsked(sliceOf('web-1', 2), 'shop/web-1')).to.equal(false);
    expect(tracker.isAsAsked(sliceOf('web-2', 1), 'shop/web-2')).to.equal(false);
  });

  it('is known by its version alone once the answer is there', () => {
    const tracker = new SliceTracker();
    tracker.asksFor('shop/web-1');
    tracker.answered('shop/web-1');
    expect(tracker.isAsAsked(sliceOf('web-1', 1), 'shop/web-1')).to.equal(false);
    expect(tracker.isForeign(SERVICE, sliceOf('web-1', 1))).to.equal(true);
    tracker.wrote(SERVICE, sliceOf('web-1', 1));
    expect(tracker.isForeign(SERVICE, sliceOf('web-1', 1))).to.equal(false);
    expect(tracker.isForeign(SERVICE, sliceOf('web-1', 2))).to.equal(true);
  });

  it('is known as it is stored first where it is made late', () => {
    const tracker = new SliceTracker();
    const text = { owner: SERVICE, family: 'IPv4', source: NO_ENDPOINTS } as unknown as SliceText;
    tracker.wroteFirst(new NewSlice('shop/web-1', text));
    expect(tracker.isStale(SERVICE, [])).to.equal(true);
    expect(tracker.isStale(SERVICE, [sliceOf('web-1', 1)])).to.equal(false);
    expect(tracker.isForeign(SERVICE, sliceOf('web-1', 1))).to.equal(false);
    expect(tracker.isForeign(SERVICE, sliceOf('web-1', 2))).to.equal(true);
    tracker.wroteFirst(new NewSlice('shop/web-2', text));
    tracker.wrote(SERVICE, sliceOf('web-1', 2));
    expect(tracker.isStale(SERVICE, [sliceOf('web-1', 2)])).to.equal(true);
    tracker.removed(SERVICE, 'shop/web-1');
    expect(tracker.isStale(SERVICE, [sliceOf('web-2', 1)])).to.equal(false);
    expect(tracker.sawDeletion(SERVICE, 'shop/web-1')).to.equal(true);
  });

  it('is forgotten by a process that dies', () => {
    const tracker = new SliceTracker();
    tracker.asksFor('shop/web-1');
    tracker.clear();
    expect(tracker.isAsAsked(sliceOf('web-1', 1), 'shop/web-1')).to.equal(false);
  });
});

describe('what an informer shows', () => {
  it('is out of date while it lacks a slice that was written, or shows an older one', () => {
    const tracker = new SliceTracker();
    expect(tracker.isStale(SERVICE, [])).to.equal(false);
    tracker.wrote(SERVICE, sliceOf('web-1', 2));
    expect(tracker.isStale(SERVICE, [])).to.equal(true);
    expect(tracker.isStale(SERVICE, [sliceOf('web-1', 1)])).to.equal(true);
    expect(tracker.isStale(SERVICE, [sliceOf('web-1', 2)])).to.equal(false);
    tracker.wrote(SERVICE, sliceOf('web-2', 1));
    expect(tracker.isStale(SERVICE, [sliceOf('web-1', 2)])).to.equal(true);
    expect(tracker.isStale(SERVICE, [sliceOf('web-2', 1), sliceOf('web-1', 3)])).to.equal(false);
  });

  it('is out of date while it shows a slice that was deleted, which nobody else has done', () => {
    const tracker = new SliceTracker();
    tracker.wrote(SERVICE, sliceOf('web-1', 1));
    tracker.wrote(SERVICE, sliceOf('web-2', 1));
    tracker.removed(SERVICE, 'shop/web-1');
    tracker.removed(SERVICE, 'shop/never');
    const [first, second] = [sliceOf('web-1', 1), sliceOf('web-2', 1)];
    expect(tracker.isStale(SERVICE, [first, second])).to.equal(true);
    expect(tracker.isStale(SERVICE, [second])).to.equal(false);
    expect(tracker.sawDeletion(SERVICE, 'shop/web-1')).to.equal(true);
    expect(tracker.sawDeletion(SERVICE, 'shop/web-1')).to.equal(false);
    expect(tracker.sawDeletion(SERVICE, 'shop/web-2')).to.equal(false);
    expect(tracker.isStale(SERVICE, [])).to.equal(false);
    tracker.forget(SERVICE);
    expect(tracker.isForeign(SERVICE, second)).to.equal(true);
  });
});
