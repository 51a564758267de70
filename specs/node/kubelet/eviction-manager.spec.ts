// Goal: a kubelet whose node is short of memory or disk says so and evicts, one pod at a time, in
// the order of upstream, until enough is available (pkg/kubelet/eviction).

import { expect } from 'chai';
import { conditionOf } from '../../../src/apiserver/kinds/pod';
import { bytes } from '../../../src/values/bytes';
import { KubeletWorld, WEB } from './kubelet-world';
import { evicted, exhaust, world } from './pressed-world';

describe('a node that is short of memory', () => {
  it('loses no pod while 100Mi are available', () => {
    const made = world({ a: ['50Mi'] });
    exhaust(made, '100Mi');
    made.until(60);
    expect(evicted(made)).to.deep.equal([]);
    expect(made.conditionOfNode('MemoryPressure')).to.equal('absent');
  });

  it('has the greediest pod evicted, and no further one when that is enough', () => {
    const made = world({ a: ['50Mi'], b: ['300Mi'], c: ['80Mi'] });
    exhaust(made, '20Mi');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b']);
    expect(made.podOf('a')!.status!.phase).to.equal('Running');
  });

  it('goes on until 100Mi are available', () => {
    const made = world({ a: ['50Mi'], b: ['60Mi'], c: ['30Mi'] });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b', 'a']);
  });

  it('spares those that stay within their requests, whatever they use', () => {
    const made = world({ a: ['900Mi', { requests: '1Gi' }], b: ['150Mi', { requests: '100Mi' }] });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b']);
  });

  it('takes low priorities before large pods', () => {
    const low = { priority: -5 };
    const made = world({ a: ['900Mi'], b: ['150Mi', low] });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b']);
  });

  it('takes the priority of a class for that of its pods', () => {
    const made = world({ a: ['900Mi'], b: ['150Mi', { priorityClassName: 'batch' }] });
    const group = { apiVersion: 'scheduling.k8s.io/v1', value: -5 };
    made.createNow('PriorityClass', { ...group, metadata: { name: 'batch' } });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b']);
  });

  it('evicts at one instant nobody who has come at that instant', () => {
    const uses = { memory: bytes('300Mi') };
    const made = new KubeletWorld({ behaviours: [{ target: 'image/example/web', uses }] });
    // It asks for something, so that it is taken on under pressure.
    const containers = [{ ...WEB, resources: { requests: { cpu: '10m' } } }];
    made.run({ containers }, 10);
    made.api.observeCommits(() => {
      const isOver = made.pod?.status?.phase === 'Succeeded';
      if (isOver && made.podOf('next') === undefined) made.add('next', { containers });
    });
    exhaust(made, '0');
    made.until(19);
    expect(evicted(made)).to.deep.equal(['web']);
    expect(made.podOf('next')!.status!.phase).to.equal('Running');
    made.until(21);
    expect(made.when('killed', 'Evicted')).to.deep.equal([10, 20]);
  });

  it('passes critical pods over, and goes on living with what it has', () => {
    const made = world({ a: ['900Mi', { priorityClassName: 'system-node-critical' }] });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal([]);
    expect(made.conditionOfNode('MemoryPressure')).to.equal('True KubeletHasInsufficientMemory');
  });

  it('says of the pod what was short, when its containers have ended', () => {
    const made = new KubeletWorld({
      behaviours: [
        {
          target: 'pod/shop/web',
          uses: { memory: bytes('300Mi') },
          onTerm: { do: 'ignore', for: 0 as never },
        },
      ],
    });
    made.run({ containers: [WEB] }, 10);
    exhaust(made, '20Mi');
    made.until(11.9);
    expect(made.isReady).to.equal(true);
    made.until(12);
    // A grace of 1 s is raised to the two seconds that every container has.
    expect(made.when('exited', '137')).to.deep.equal([12]);
    const { phase, reason, message, conditions } = made.pod!.status!;
    expect([phase, reason]).to.deep.equal(['Failed', 'Evicted']);
    expect(message).to.equal(
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 20Mi. ' +
        'Container web was using 300Mi, request is 0, has larger consumption of memory. ',
    );
    expect(conditionOf(conditions, 'DisruptionTarget')?.status).to.equal('True');
  });
});

describe('the eviction manager in time', () => {
  const options = { profile: 'default' } as const;

  it('looks every 10 s, and a second after the end of an evicted pod', () => {
    const made = world({ a: ['50Mi'], b: ['60Mi'], c: ['30Mi'] }, options);
    exhaust(made, '0');
    made.until(60);
    const [first, second] = made.when('killed', 'Evicted');
    expect(first).to.be.within(10, 20);
    const [end] = made.when('exited');
    expect(second! - end!).to.be.closeTo(1, 0.001);
  });

  it('reports the pressure with the status of the node, within 10 s', () => {
    const made = world({ a: ['300Mi'] }, options);
    exhaust(made, '0');
    made.until(60);
    const [evictedAt] = made.when('killed', 'Evicted');
    const [said] = made.when('reported', 'MemoryPressure=True');
    expect(said! - evictedAt!).to.be.within(0, 10);
  });

  it('holds the pressure for five minutes after it has seen it last', () => {
    const made = world({ a: ['300Mi'] }, options);
    exhaust(made, '0');
    made.until(400);
    const [seen] = made.when('killed', 'Evicted');
    const [gone] = made.when('reported', 'MemoryPressure=False');
    expect(gone! - seen!).to.be.within(300, 320);
    expect(made.conditionOfNode('MemoryPressure')).to.equal('False KubeletHasSufficientMemory');
  });

  it('does nothing any more once nothing is short', () => {
    const made = world({ a: ['300Mi'] }, options);
    exhaust(made, '0');
    made.kubelets.faults.relieve('worker-1', 'step');
    made.until(1000);
    expect(made.kernel.nextAt).to.equal(undefined);
  });
});

describe('a kubelet under pressure', () => {
  it('rejects pods that ask for nothing under memory pressure, and takes on the others', () => {
    const made = world({ a: ['900Mi', { priorityClassName: 'system-node-critical' }] });
    exhaust(made, '0');
    made.until(20);
    made.kubelets.faults.relieve('worker-1', 'step');
    made.add('idle', { containers: [WEB] });
    const resources = { requests: { memory: '10Mi' } };
    made.add('modest', { containers: [{ ...WEB, ports: [], resources }] });
    made.until(21);
    const { phase, reason, message } = made.podOf('idle')!.status!;
    expect([phase, reason]).to.deep.equal(['Failed', 'Evicted']);
    expect(message).to.equal('Pod was rejected: The node had condition: [MemoryPressure]. ');
    expect(made.podOf('modest')!.status!.phase).to.equal('Running');
  });

  it('takes on what tolerates the pressure of the memory, though it asks for nothing', () => {
    const made = world({});
    made.kubelets.faults.fail('worker-1', 'MemoryPressure', 'step');
    const tolerations = [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }];
    made.add('hardy', { containers: [WEB], tolerations } as never);
    made.until(11);
    expect(made.podOf('hardy')!.status!.phase).to.equal('Running');
  });

  it('rejects what asks for something, too, where memory is not all that is short', () => {
    const made = world({});
    for (const type of ['MemoryPressure', 'DiskPressure'] as const) {
      made.kubelets.faults.fail('worker-1', type, 'step');
    }
    const resources = { requests: { memory: '10Mi' } };
    made.add('modest', { containers: [{ ...WEB, resources }] });
    made.until(11);
    const { reason, message } = made.podOf('modest')!.status!;
    expect(reason).to.equal('Evicted');
    expect(message).to.include('[MemoryPressure DiskPressure]');
  });

  it('rejects all but critical pods under pressure of the disk', () => {
    const made = world({}, { capacity: { 'ephemeral-storage': '100Gi' } });
    exhaust(made, '1Gi', 'disk');
    made.until(20);
    const resources = { requests: { memory: '10Mi' } };
    made.add('modest', { containers: [{ ...WEB, resources }] });
    made.add('dns', { containers: [WEB], priorityClassName: 'system-cluster-critical' });
    made.until(21);
    expect(made.podOf('modest')!.status!.reason).to.equal('Evicted');
    expect(made.podOf('dns')!.status!.phase).to.equal('Running');
    expect(made.conditionOfNode('DiskPressure')).to.equal('True KubeletHasDiskPressure');
  });

  it('counts 15 % of the disk as the least, as 32 bits hold them: 640 bytes above 15Gi', () => {
    const made = world({ a: ['5Gi'] }, { capacity: { 'ephemeral-storage': '100Gi' } });
    exhaust(made, '16106128000', 'disk');
    made.until(20);
    expect(evicted(made)).to.deep.equal([]);
    made.kubelets.faults.exhaust('worker-1', 'disk', 'more', 16_106_127_999);
    made.until(30);
    expect(evicted(made)).to.deep.equal(['a']);
    const [{ detail } = { detail: '' }] = made.entries('killed', 'Evicted');
    expect(detail).to.contain('Threshold quantity: 16106128000, available: 16106127999. ');
  });

  it('forgets all of it with its process, and looks again when it starts', () => {
    const made = world({ a: ['50Mi'] }, { profile: 'default' });
    exhaust(made, '100Mi');
    made.until(30);
    made.kubelets.processes.kill('worker-1');
    made.kubelets.faults.exhaust('worker-1', 'memory', 'more', 0);
    made.until(50);
    expect(evicted(made)).to.deep.equal([]);
    made.kubelets.processes.start('worker-1');
    made.until(50);
    expect(evicted(made)).to.deep.equal(['a']);
  });
});

describe('a fault that makes a kubelet say that its node is under pressure', () => {
  it('has no pod evicted, and keeps new ones away', () => {
    const made = world({ a: ['900Mi'] });
    made.kubelets.faults.fail('worker-1', 'PIDPressure', 'step');
    made.until(20);
    expect(made.conditionOfNode('PIDPressure')).to.equal('True KubeletHasInsufficientPID');
    expect(evicted(made)).to.deep.equal([]);
    made.add('late', { containers: [WEB] });
    made.until(21);
    expect(made.podOf('late')!.status!.reason).to.equal('Evicted');
    made.kubelets.faults.mend('worker-1', 'PIDPressure', 'step');
    made.until(22);
    expect(made.conditionOfNode('PIDPressure')).to.equal('False KubeletHasSufficientPID');
  });
});
