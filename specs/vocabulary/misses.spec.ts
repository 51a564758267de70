// Goal: a step that hits nothing says why: what its target was, what there is instead, or what the
// target would have to be.

import { expect } from 'chai';
import { shop } from '../chai/shop';

describe('a step that hits nothing', () => {
  it('names the pod that a number meant, and the numbers of those that are there', () => {
    const drill = shop().runUntil('5s').do({ restart: 'deployment/shop/backend' }).runFor('60s');
    expect(() => drill.kill({ pod: 'shop/backend#1' })).to.throw(
      /nothing: shop\/backend#1 was shop\/backend-\S+, and is gone: there are #4, #5, #6 now/,
    );
    expect(() => drill.kill({ pod: 'shop/backend#9' })).to.throw(
      'it hit nothing: it has had 6 pods so far: there are #4, #5, #6 now',
    );
  });

  it('names the selection that matches nobody', () => {
    expect(() => shop().kill({ pods: { labels: { app: 'nobody' } } })).to.throw(
      'it hit nothing: no pods with app=nobody to be hit',
    );
  });

  it('says that a pod is no DNS server, and that it watches nothing', () => {
    const pod = 'shop/client';
    expect(() => shop().fail({ pod, dns: 'SERVFAIL' })).to.throw(
      'it hit nothing: no DNS server runs in shop/client',
    );
    expect(() => shop().stale({ pod, hold: '5s' })).to.throw(
      'it hit nothing: shop/client: of pods only those of CoreDNS watch the API here',
    );
    expect(() => shop().stale({ pod: 'coredns', hold: '5s' })).not.to.throw();
  });

  it('says what a table has none of', () => {
    expect(() => shop().wipe({ nodes: 'all', what: 'conntrack', match: { port: 4242 } })).to.throw(
      'it hit nothing: conntrack has no entry with port 4242 there now',
    );
    expect(() => {
      shop().wipe({ what: 'object', match: { kind: 'Service', name: 'nobody' } });
    }).to.throw('it hit nothing: there is no object with kind Service, name nobody now');
    expect(() => shop().wipe({ pod: 'shop/client', what: 'cache' })).to.throw(
      'it hit nothing: no CoreDNS with a cache runs in shop/client',
    );
  });
});
