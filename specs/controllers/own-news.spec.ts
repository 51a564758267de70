// Goal: a controller that hears of its own last word does not look again, and one that hears of
// anything else does, also where that comes together with it.

import { expect } from 'chai';

import type { Change } from '../../src/apiserver/informer';
import { Controller, defineController } from '../../src/controllers/define';
import { OwnNews } from '../../src/controllers/own-news';
import type { Pass } from '../../src/controllers/pass';
import { Phase } from '../../src/kernel/phase';
import type { KubeObject } from '../../src/values/kube-object';
import { later, seconds, START, ZERO } from '../../src/values/time';
import { ControlPlane, serviceOf } from './control-plane';

function objectOf(resourceVersion: string): KubeObject {
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', resourceVersion } };
}

function change(after: KubeObject): Change {
  return { key: 'web', before: undefined, after, cause: -1 };
}

describe('own news', () => {
  it('is the very object that was written, once', () => {
    const news = new OwnNews();
    const written = objectOf('7');
    news.expect('web', written);
    expect(news.has({ ...change(written), key: 'other' })).to.equal(false);
    expect(news.has(change(written))).to.equal(true);
    expect(news.has(change(written))).to.equal(false);
  });

  it('is nothing that was written since', () => {
    const news = new OwnNews();
    const written = objectOf('7');
    news.expect('web', written);
    expect(news.has(change(objectOf('8')))).to.equal(false);
    expect(news.has(change(written))).to.equal(false);
  });

  it('is forgotten with the memory of the process', () => {
    const news = new OwnNews();
    const written = objectOf('7');
    news.expect('web', written);
    news.clear();
    expect(news.has(change(written))).to.equal(false);
  });
});

const LAST_WORD = { said: true };

/**
 * How often a controller looks at a Service, and what it says of it. `write`: how it says its last
 * word. `meanwhile`: what another one does right after its look, or right after its write.
 */
function looks(
  write: (pass: Pass, object: KubeObject) => void,
  meanwhile: { readonly read?: boolean; readonly written?: boolean; start?: number } = {},
): number {
  const start = later(START, seconds(meanwhile.start ?? -600));
  const plane = new ControlPlane({ nodes: 0, kubelet: false, profile: 'instant', start });
  const { kernel, api, timing, spec, heartbeats } = plane;
  let count = 0;
  const relabel = (): void => {
    plane.patch('Service', 'shop/web', { metadata: { labels: { another: 'label' } } });
  };
  const other = kernel.declare('spec.other', relabel);
  const definition = defineController({
    name: 'spec',
    kind: 'Service',
    create: ({ view }) => ({
      watches: { Service: ({ key }) => [key] },
      reconcile: (key, pass) => {
        const object = view.get('Service', key)!;
        // Between the look and the write, so that both writes are told of as one.
        if (++count === 1 && meanwhile.read === true) kernel.after(ZERO, Phase.control, other);
        if ((object.status as { said?: boolean } | undefined)?.said !== true) write(pass, object);
      },
    }),
  });
  new Controller(definition, { kernel, api, timing, spec, heartbeats });
  api.observeCommits(({ object }) => {
    const isSaid = (object?.status as { said?: boolean } | undefined)?.said === true;
    const isNew = object?.metadata.labels?.['another'] === undefined;
    if (isSaid && isNew && meanwhile.written === true) relabel();
  });
  plane.create(serviceOf('web'));
  plane.run(seconds(1));
  expect(plane.get('Service', 'shop/web')!.status).to.include(LAST_WORD);
  return count;
}

describe('the last word of a controller', () => {
  const conclude = (pass: Pass, object: KubeObject): void => pass.conclude(object, LAST_WORD);

  it('is no reason to look again while a cluster settles', () => {
    expect(looks((pass, object) => pass.patch(object, { status: LAST_WORD }))).to.equal(2);
    expect(looks(conclude)).to.equal(1);
  });

  it('is one as soon as somebody may ask what was observed', () => {
    expect(looks(conclude, { start: 0 })).to.equal(2);
  });

  it('is one where another one has written before it', () => {
    expect(looks(conclude, { read: true })).to.equal(2);
  });

  it('is one where another one has written since', () => {
    expect(looks(conclude, { written: true })).to.equal(2);
  });

  it('is none with other writes beside it', () => {
    const both = (pass: Pass, object: KubeObject): void => {
      pass.patch(object, { metadata: { annotations: { looked: 'yes' } } });
      pass.conclude(object, LAST_WORD);
    };
    expect(looks(both)).to.equal(2);
  });
});
