// Goal: a version is told to who listens, and whoever does not listen costs nothing: a cluster of
// thousands of kube-proxies that have not begun settles as fast as one without.

import { expect } from 'chai';

import { Audiences, PHASES } from '../../src/apiserver/audience';
import { Informer } from '../../src/apiserver/informer';
import type { Change } from '../../src/apiserver/informer';
import { Store } from '../../src/apiserver/store';
import { Phase } from '../../src/kernel/phase';
import { later, seconds, START } from '../../src/values/time';
import { ControlPlane, serviceOf } from '../controllers/control-plane';
import { seriesOf } from '../controllers/pod-runs';

function world(...owners: readonly string[]) {
  const store = new Store();
  const informers: Informer[] = [];
  const audiences = new Audiences(informers);
  const audience = audiences.of('Service');
  for (const owner of owners) {
    const options = { kind: 'Service', owner, onChange: () => {} };
    audience.add(informers.push(new Informer(store, options, { audience })) - 1);
  }
  return { audiences, audience, informers };
}

describe('an audience', () => {
  it('has the control plane hear first, then the nodes, each in the order of its coming', () => {
    const { audience } = world('proxy@a', 'scheduler', 'proxy@b', 'controller-manager');
    expect(audience.listening(Phase.control)).to.deep.equal([1, 3]);
    expect(audience.listening(Phase.agent)).to.deep.equal([0, 2]);
  });

  it('follows who ceases to listen and who begins', () => {
    const { audience, informers } = world('proxy@a', 'proxy@b');
    const nodes = () => audience.listening(Phase.agent);
    informers[0]!.hold();
    expect(nodes()).to.deep.equal([1]);
    informers[1]!.disconnect();
    expect(nodes()).to.deep.equal([]);
    informers[0]!.jump();
    expect(nodes()).to.deep.equal([0]);
    informers[1]!.reconnect();
    expect(nodes()).to.deep.equal([0, 1]);
    informers[1]!.hold();
    informers[1]!.relist();
    expect(nodes()).to.deep.equal([0, 1]);
  });

  it('of a scope is told of its own versions alone', () => {
    const { audiences, audience } = world('scheduler');
    const scoped = audiences.of('Service', 'worker-1');
    expect(audiences.wholeOf('Service')).to.equal(audience);
    expect(audiences.partOf('Service', 'worker-1')).to.equal(scoped);
    expect(audiences.partOf('Service', 'worker-2')).to.equal(undefined);
    expect(audiences.partOf('Service', undefined)).to.equal(undefined);
    expect(audiences.wholeOf('Node')).to.equal(undefined);
  });

  it('is called in the second phase where somebody hears in it, and always in the first', () => {
    const called = (...owners: readonly string[]) =>
      PHASES.map((phase) => world(...owners).audience.isCalledIn(phase));
    expect(called('scheduler')).to.deep.equal([true, false]);
    // A turn begins in the first phase: what is written after that is for another one.
    expect(called('kubelet@a')).to.deep.equal([true, true]);
    expect(called('scheduler', 'kubelet@a')).to.deep.equal([true, true]);
  });

  it('hears nothing while it is held, and what it missed when it lists anew', () => {
    const plane = new ControlPlane({ nodes: 0, kubelet: false });
    const heard: string[] = [];
    const informer = plane.api.informer({
      kind: 'Service',
      owner: 'kube-proxy@worker-1',
      onChange: ({ key }) => heard.push(key),
    });
    informer.hold();
    plane.create(serviceOf('web'));
    plane.run();
    expect(heard).to.deep.equal([]);
    informer.relist();
    plane.create(serviceOf('api'));
    plane.run();
    expect(heard).to.deep.equal(['shop/web', 'shop/api']);
  });

  it('has who comes while it waits for its turn hear of what is written until then', () => {
    const early = later(START, seconds(-600));
    const plane = new ControlPlane({ nodes: 0, kubelet: false, profile: 'instant', start: early });
    const heard: string[] = [];
    plane.create(serviceOf('web'));
    const informer = plane.api.informer({
      kind: 'Service',
      owner: 'coredns@first-of-the-nodes',
      onChange: ({ key }) => heard.push(key),
    });
    informer.hold();
    informer.relist();
    plane.create(serviceOf('api'));
    plane.run(seconds(1));
    expect(heard).to.deep.equal(['shop/web', 'shop/api']);
  });

  it('of a node knows of what was made late there, but for what is still on its way to it', () => {
    const plane = new ControlPlane({ nodes: 2, kubelet: false });
    const { api } = plane;
    const told: string[] = [];
    const [one, two] = ['worker-1', 'worker-2'].map((scope) => {
      const onChange = ({ key }: Change): void => void told.push(key);
      return api.informer({ kind: 'Pod', owner: `kubelet@${scope}`, scope, onChange });
    });
    const containers = [{ name: 'main', image: 'example/web' }];
    const spec = { nodeName: 'worker-1', containers };
    const metadata = { namespace: 'shop', name: 'given' };
    plane.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    for (const node of ['worker-1', 'worker-2']) {
      const from = api.store.nextRevision;
      api.store.putMade('Pod', seriesOf([`shop/on-${node}`], {}, { from, node })[0]!);
    }
    api.catchUp();
    expect(two!.revision).to.equal(api.store.revision);
    expect(one!.revision).to.equal(0);
    expect(told).to.deep.equal([]);
    plane.run(seconds(1));
    expect(told).to.deep.equal(['shop/given']);
    expect(api.store.logOf('Pod', 'worker-1').count).to.equal(2);
  });
});
