// Goal: an eviction manager looks when its loop comes round, once each time, whatever happens in
// between, and remembers nothing of what is over.
// source: pkg/kubelet/eviction/eviction_manager.go Start (synchronize; after an eviction
// waitForPodsCleanup and the next look, otherwise monitoringInterval), synchronize

import { expect } from 'chai';
import { bytes } from '../../../src/values/bytes';
import { DEFAULT_KUBELET, DEFAULT_THRESHOLDS } from '../../../src/values/kubelet-settings';
import { seconds, ZERO } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';
import { evicted, exhaust, world } from './pressed-world';

const CRITICAL = { priorityClassName: 'system-node-critical' };
const PRESSURE = 'MemoryPressure';
const IN_TIME = { profile: 'default' } as const;

/** It asks for something, so that it is taken on under pressure. */
const MODEST = { containers: [{ ...WEB, ports: [], resources: { requests: { cpu: '10m' } } }] };

/** A node that is short of memory, and has but a critical pod. */
function short(options: Parameters<typeof world>[1] = {}): KubeletWorld {
  const made = world({ a: ['50Mi', CRITICAL] }, options);
  exhaust(made, '20Mi');
  return made;
}

function more(made: KubeletWorld, what: 'memory' | 'disk', left: string): void {
  made.kubelets.faults.exhaust('worker-1', what, 'more', bytes(left));
}

/** When the loop of a node has evicted for the first time, had its cleanup, and looked again. */
function rhythm(): { readonly made: KubeletWorld; readonly looked: number } {
  const made = world({ a: ['300Mi'], b: ['60Mi'] }, IN_TIME);
  exhaust(made, '20Mi');
  made.until(18);
  expect(evicted(made)).to.deep.equal(['a']);
  const looked = made.when('exited')[0]! + 1;
  made.until(looked + 0.1);
  return { made, looked };
}

describe('one look of an eviction manager', () => {
  it('comes ten seconds after the last one that found nobody, also where more runs short', () => {
    const { made, looked } = rhythm();
    more(made, 'memory', '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['a', 'b']);
    expect(made.when('killed', 'Evicted')[1]).to.be.closeTo(looked + 10, 0.001);
  });

  it('does not come before ten seconds where nothing takes time and something is short', () => {
    const made = short({ capacity: { 'ephemeral-storage': '100Gi' } });
    made.until(15);
    more(made, 'disk', '0');
    made.until(19.9);
    expect(made.conditionOfNode('DiskPressure')).to.equal('absent');
    made.until(20);
    expect(made.conditionOfNode('DiskPressure')).to.equal('True KubeletHasDiskPressure');
  });

  it('is not brought forward by processes that start', () => {
    const { made, looked } = rhythm();
    exhaust(made, '0');
    made.until(looked + 3);
    made.add('late', MODEST);
    made.until(60);
    expect(made.entries('started').at(-1)!.at / 1e6).to.be.within(looked + 3, looked + 9);
    expect(made.when('killed', 'Evicted')[1]).to.be.closeTo(looked + 10, 0.001);
  });

  it('is not brought forward by a kubelet that loses sight of the API server', () => {
    const { made, looked } = rhythm();
    exhaust(made, '0');
    made.until(looked + 3);
    made.api.sever('kubelet@worker-1', 'spec');
    made.until(looked + 9.9);
    expect(evicted(made)).to.deep.equal(['a']);
    made.until(60);
    expect(made.when('killed', 'Evicted')[1]).to.be.closeTo(looked + 10, 0.001);
  });

  it('is that of the new process alone, where the kubelet has started again', () => {
    const { made, looked } = rhythm();
    made.until(looked + 3);
    made.kubelets.processes.kill('worker-1');
    made.until(looked + 4);
    made.kubelets.processes.start('worker-1');
    made.until(looked + 5);
    exhaust(made, '0');
    made.until(60);
    expect(made.when('killed', 'Evicted')[1]).to.be.closeTo(looked + 14, 0.001);
  });
});

describe('an eviction manager whose looks take no time', () => {
  const greedy = { target: 'pod/shop/web', uses: { memory: bytes('300Mi') } };

  it('looks at once when a process starts again that takes too much', () => {
    const made = new KubeletWorld({ behaviours: [greedy] });
    made.run({ containers: [WEB] }, 10);
    made.crash();
    made.until(11);
    made.crash();
    made.until(12);
    // While it waits for its restart at 21 s it uses nothing.
    exhaust(made, '350Mi');
    made.until(20.9);
    expect(evicted(made)).to.deep.equal([]);
    made.until(21);
    expect(made.when('killed', 'Evicted')).to.deep.equal([21]);
  });

  it('looks once more at an instant at which it has looked, when a process starts then', () => {
    const made = new KubeletWorld({ behaviours: [greedy] });
    made.run({ containers: [WEB] }, 10);
    made.crash();
    exhaust(made, '350Mi');
    made.until(10);
    expect(made.when('restarted')).to.deep.equal([10]);
    expect(made.when('killed', 'Evicted')).to.deep.equal([10]);
  });

  it('looks ten seconds after a pod that has come and started at one instant', () => {
    const made = new KubeletWorld({ behaviours: [greedy] });
    made.add('old', { containers: [WEB] });
    made.until(10);
    exhaust(made, '350Mi');
    made.until(12);
    made.add('web', { containers: [{ ...WEB, ports: [] }] });
    made.until(21.9);
    expect(made.when('started').at(-1)).to.equal(12);
    expect(made.conditionOfNode(PRESSURE)).to.equal('absent');
    made.until(22);
    expect(made.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    expect(evicted(made)).to.deep.equal(['web']);
  });

  it('forgets each pressure in its own time, whichever was there first', () => {
    const made = world({ a: ['50Mi', CRITICAL] }, { capacity: { 'ephemeral-storage': '100Gi' } });
    for (const what of ['memory', 'disk'] as const) {
      made.kubelets.faults.exhaust('worker-1', what, what, 0);
    }
    made.until(15);
    made.kubelets.faults.relieve('worker-1', 'disk');
    made.until(105);
    made.kubelets.faults.relieve('worker-1', 'memory');
    // Looks come every 10 s while something is short: the last of disk at 10, of memory at 100.
    made.until(309.9);
    expect(made.conditionOfNode('DiskPressure')).to.equal('True KubeletHasDiskPressure');
    made.until(310);
    expect(made.conditionOfNode('DiskPressure')).to.equal('False KubeletHasNoDiskPressure');
    made.until(399.9);
    expect(made.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    made.until(400);
    expect(made.conditionOfNode(PRESSURE)).to.equal('False KubeletHasSufficientMemory');
  });

  it('does not look again while enough is available', () => {
    const made = world({ a: ['50Mi'] });
    exhaust(made, '100Mi');
    made.until(60);
    expect(made.kernel.nextAt).to.equal(undefined);
  });

  it('looks for nothing any more when the last pressure is over', () => {
    const made = short();
    made.until(15);
    made.kubelets.faults.relieve('worker-1', 'step');
    made.until(400);
    expect(made.conditionOfNode(PRESSURE)).to.equal('False KubeletHasSufficientMemory');
    made.add('late', { containers: [{ ...WEB, ports: [] }] });
    made.until(401);
    expect(made.podOf('late')!.status!.phase).to.equal('Running');
    expect(made.kernel.nextAt).to.equal(undefined);
  });
});

describe('a kubelet that has died under pressure', () => {
  /** It is dead from 6 s on, and at 15 s a process is up that takes too much. */
  const diedWhileStarting = (): KubeletWorld => {
    const uses = { memory: bytes('300Mi') };
    const slow = { target: 'pod/shop/web', uses, startup: seconds(10) };
    const made = new KubeletWorld({ behaviours: [slow] });
    exhaust(made, '350Mi');
    made.until(5);
    made.add('web', { containers: [WEB] });
    made.until(6);
    made.kubelets.processes.kill('worker-1');
    return made;
  };

  it('knows nothing of the minimum that was to be reclaimed', () => {
    const [threshold] = DEFAULT_THRESHOLDS;
    const reclaim = { amount: bytes('100Mi') };
    const kubelet = { ...DEFAULT_KUBELET, thresholds: [{ ...threshold!, reclaim }] };
    const [died, undisturbed] = [short({ kubelet }), short({ kubelet })];
    for (const made of [died, undisturbed]) {
      made.until(15);
      if (made === died) made.kubelets.processes.kill('worker-1');
      made.kubelets.faults.relieve('worker-1', 'step');
      more(made, 'memory', '150Mi');
      if (made === died) made.kubelets.processes.start('worker-1');
      made.until(330);
    }
    expect(undisturbed.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    expect(died.conditionOfNode(PRESSURE)).to.equal('False KubeletHasSufficientMemory');
  });

  it('does nothing about a process that takes too much meanwhile', () => {
    const made = diedWhileStarting();
    made.until(60);
    expect(made.kubelets.sandboxOf('shop/web')!.listenerOn('TCP', 8080)?.state).to.equal('running');
    expect(evicted(made)).to.deep.equal([]);
  });

  it('sees that process when it looks again, as soon as it has started', () => {
    const made = diedWhileStarting();
    made.until(20);
    made.kubelets.processes.start('worker-1');
    made.until(20);
    expect(made.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    made.until(60);
    // Where nothing takes time, a pod is not evicted at the instant at which it was taken on.
    expect(made.when('killed', 'Evicted')).to.deep.equal([30]);
    expect(evicted(made)).to.deep.equal(['web']);
  });

  it('takes on pods that ask for nothing when it starts, before it has looked', () => {
    const made = short();
    made.until(15);
    made.kubelets.processes.kill('worker-1');
    made.kubelets.faults.relieve('worker-1', 'step');
    made.add('idle', { containers: [{ ...WEB, ports: [] }] });
    made.until(20);
    made.kubelets.processes.start('worker-1');
    made.until(21);
    expect(made.podOf('idle')!.status!.phase).to.equal('Running');
  });
});

describe('how an evicted pod ends', () => {
  const ignoring = {
    target: 'pod/shop/web',
    uses: { memory: bytes('300Mi') },
    onTerm: { do: 'ignore', for: ZERO } as const,
  };
  const [threshold] = DEFAULT_THRESHOLDS;
  const hook = { lifecycle: { preStop: { sleep: { seconds: 8 } } } };
  /** Seconds from the look to the end of the container. */
  const ends = (grace: number, maxPodGrace: number): number => {
    const thresholds = [{ ...threshold!, grace: seconds(grace) }];
    const kubelet = { ...DEFAULT_KUBELET, thresholds, maxPodGrace: seconds(maxPodGrace) };
    const made = new KubeletWorld({ behaviours: [ignoring], kubelet });
    made.run({ containers: [{ ...WEB, ...hook }] }, 10);
    exhaust(made, '20Mi');
    made.until(60);
    return made.when('exited')[0]! - made.when('killed', 'Evicted')[0]!;
  };

  it('is in a second after a hard threshold, whatever soft ones give', () => {
    // A second for its hook, and the two that every container has.
    expect(ends(0, 20)).to.equal(3);
    expect(ends(1, 20)).to.equal(20);
  });

  it('is in no less than a second after a soft one', () => {
    expect(ends(1, 0)).to.equal(3);
  });

  it('is without a word about a container that uses what it requests, and no more', () => {
    const made = world({ a: ['300Mi', { requests: '300Mi' }] });
    exhaust(made, '20Mi');
    made.until(60);
    const [{ detail } = { detail: '' }] = made.entries('killed', 'Evicted');
    expect(detail).to.match(/ Threshold quantity: 100Mi, available: 20Mi\. $/);
  });
});
