// Goal: an eviction takes its course, whatever comes between: other faults, other pods that end or
// start, a kubelet that is stopped or replaced (pkg/kubelet/eviction/eviction_manager.go).

import { expect } from 'chai';
import { bytes } from '../../../src/values/bytes';
import { ZERO } from '../../../src/values/time';
import { KubeletWorld, WEB } from './kubelet-world';
import { evicted, exhaust, world } from './pressed-world';

const CRITICAL = { priorityClassName: 'system-node-critical' };
const PRESSURE = 'MemoryPressure';

/** Two pods with 60Mi each, which take the two seconds that the kubelet gives them to end. */
function reluctant(): KubeletWorld {
  const behaviours = ['a', 'b'].map((name) => ({
    target: `pod/shop/${name}`,
    uses: { memory: bytes('60Mi') },
    onTerm: { do: 'ignore', for: ZERO } as const,
  }));
  const greedy = { target: 'pod/shop/web', uses: { memory: bytes('300Mi') } };
  const made = new KubeletWorld({ behaviours: [...behaviours, greedy] });
  for (const name of ['a', 'b', 'idle']) made.add(name, { containers: [WEB] });
  made.until(10);
  return made;
}

/** The first one is being evicted when a pod comes that would be the first in rank. */
function overtaken(): KubeletWorld {
  const made = reluctant();
  exhaust(made, '0');
  made.until(10.5);
  // It asks for something, so that it is taken on under pressure.
  made.add('web', { containers: [{ ...WEB, resources: { requests: { cpu: '10m' } } }] });
  made.until(11);
  return made;
}

describe('a pod that is being evicted', () => {
  it('is waited for, though more runs short meanwhile', () => {
    const made = overtaken();
    made.kubelets.faults.exhaust('worker-1', 'memory', 'more', 0);
    made.until(12);
    expect(evicted(made).slice(0, 2)).to.deep.equal(['a', 'web']);
    expect(made.when('killed', 'Evicted').slice(0, 2)).to.deep.equal([10, 12]);
  });

  it('is waited for, though another one ends meanwhile', () => {
    const made = overtaken();
    made.api.submit({ verb: 'delete', kind: 'Pod', key: 'shop/idle', actor: 'spec' });
    made.until(12);
    expect(made.when('killed').slice(0, 3)).to.deep.equal([10, 11, 12]);
    expect(evicted(made).slice(0, 2)).to.deep.equal(['a', 'web']);
  });

  it('is waited for, though processes of another one start meanwhile', () => {
    const made = overtaken();
    made.crash();
    made.until(11.5);
    expect(made.when('restarted')).to.deep.equal([11]);
    made.until(12);
    expect(evicted(made).slice(0, 2)).to.deep.equal(['a', 'web']);
    expect(made.when('killed', 'Evicted').slice(0, 2)).to.deep.equal([10, 12]);
  });

  it('is waited for, though its kubelet loses sight of the API server meanwhile', () => {
    const made = overtaken();
    made.api.sever('kubelet@worker-1', 'spec');
    made.until(11.9);
    expect(evicted(made)).to.deep.equal(['a']);
    made.until(12);
    expect(evicted(made).slice(0, 2)).to.deep.equal(['a', 'web']);
  });

  it('is evicted again where its kubelet has died on it', () => {
    const made = reluctant();
    exhaust(made, '0');
    made.until(10.5);
    made.kubelets.processes.kill('worker-1');
    made.until(20);
    expect(evicted(made)).to.deep.equal(['a']);
    made.kubelets.processes.start('worker-1');
    made.until(60);
    expect(made.podOf('a')!.status!.reason).to.equal('Evicted');
    expect(made.podOf('b')!.status!.reason).to.equal('Evicted');
  });
});

describe('which pod is evicted first', () => {
  it('is one beyond its requests, before those within them of any priority', () => {
    const within = { requests: '1Gi', priority: -5 };
    const made = world({ a: ['900Mi', within], b: ['150Mi', { priority: 5 }] });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b']);
  });

  it('is the older one of two that are alike', () => {
    const made = world({ b: ['200Mi'], a: ['200Mi'] });
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b']);
  });

  it('is one that gives memory back, before any that gives disk back', () => {
    const made = new KubeletWorld({
      capacity: { 'ephemeral-storage': '100Gi' },
      behaviours: [
        { target: 'pod/shop/a', uses: { disk: bytes('20Gi') } },
        { target: 'pod/shop/b', uses: { memory: bytes('300Mi') } },
      ],
    });
    for (const name of ['a', 'b']) made.add(name, { containers: [WEB] });
    made.until(10);
    exhaust(made, '0', 'disk');
    made.kubelets.faults.exhaust('worker-1', 'memory', 'more', 0);
    made.until(60);
    expect(evicted(made)).to.deep.equal(['b', 'a']);
  });

  it('is nobody who has come at this very instant, where nothing takes time', () => {
    const made = world({});
    made.add('a', { containers: [WEB] });
    exhaust(made, '0');
    made.until(19);
    expect(evicted(made)).to.deep.equal([]);
    made.until(20);
    expect(evicted(made)).to.deep.equal(['a']);
  });

  it('hears that nothing is left, also where more is used than there was', () => {
    const behaviours = ['a', 'b'].map((name) => {
      return { target: `pod/shop/${name}`, uses: { memory: bytes('50Mi') } };
    });
    const made = new KubeletWorld({ behaviours });
    made.add('a', { containers: [WEB], ...CRITICAL });
    made.until(10);
    exhaust(made, '0');
    made.until(11);
    const resources = { requests: { cpu: '10m' } };
    made.add('b', { containers: [{ ...WEB, ports: [], resources }] });
    made.until(60);
    expect(made.entries('killed', 'available: 0. ')).to.have.length(1);
  });
});

describe('the next look of an eviction manager', () => {
  const options = { profile: 'default' } as const;

  it('stays where it is when more runs short', () => {
    const made = world({ a: ['50Mi'], b: ['60Mi'] }, options);
    exhaust(made, '0');
    made.until(60);
    const [first, second] = made.when('killed', 'Evicted');
    const again = world({ a: ['50Mi'], b: ['60Mi'] }, options);
    exhaust(again, '0');
    again.until(second! - 0.5);
    again.kubelets.faults.exhaust('worker-1', 'memory', 'more', 0);
    again.until(60);
    expect(again.when('killed', 'Evicted')).to.deep.equal([first, second]);
  });

  it('waits while the process is stopped', () => {
    const made = world({ a: ['300Mi'] });
    made.kernel.pause('kubelet@worker-1', 'spec');
    exhaust(made, '0');
    made.until(60);
    expect(evicted(made)).to.deep.equal([]);
    made.kernel.resume('kubelet@worker-1', 'spec');
    made.until(60);
    expect(evicted(made)).to.deep.equal(['a']);
  });

  it('waits as well where nothing was short before', () => {
    const made = world({ a: ['50Mi'] }, options);
    exhaust(made, '100Mi');
    made.until(60);
    made.kernel.pause('kubelet@worker-1', 'spec');
    made.kubelets.faults.exhaust('worker-1', 'memory', 'more', 0);
    made.until(120);
    expect(evicted(made)).to.deep.equal([]);
  });

  it('keeps no run from being settled while it finds nothing to evict', () => {
    const made = world({ a: ['50Mi'] }, options);
    exhaust(made, '100Mi');
    made.until(60);
    expect(made.kernel.nextAt).to.be.a('number');
    expect(made.kernel.pending()).to.deep.equal([]);
  });
});

describe('the pressure of a node', () => {
  it('is held for five minutes after it was seen last, where nothing else takes time', () => {
    const made = world({ a: ['900Mi', CRITICAL] });
    exhaust(made, '0');
    made.until(200);
    made.kubelets.faults.relieve('worker-1', 'step');
    made.until(480);
    expect(made.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    made.until(520);
    expect(made.conditionOfNode(PRESSURE)).to.equal('False KubeletHasSufficientMemory');
  });

  it('stands as long as it is met, where it is not held at all', () => {
    const overrides = { 'kubelet.evictionPressureTransitionPeriod': ZERO };
    const made = world({ a: ['900Mi', CRITICAL] }, { profile: 'default', overrides });
    exhaust(made, '0');
    made.until(100);
    expect(made.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    made.kubelets.faults.relieve('worker-1', 'step');
    made.until(130);
    expect(made.conditionOfNode(PRESSURE)).to.equal('False KubeletHasSufficientMemory');
  });

  it('is reported by nobody whose process has died or is stopped meanwhile', () => {
    const short = (): KubeletWorld => {
      const made = world({ a: ['900Mi', CRITICAL] }, { profile: 'default' });
      exhaust(made, '0');
      return made;
    };
    const undisturbed = short();
    undisturbed.until(60);
    const [said] = undisturbed.when('reported', PRESSURE);
    const [died, stopped] = [short(), short()];
    for (const made of [died, stopped]) made.until(said! - 0.001);
    died.kubelets.processes.kill('worker-1');
    stopped.kernel.pause('kubelet@worker-1', 'spec');
    for (const made of [died, stopped]) {
      made.until(60);
      expect(made.entries('reported', PRESSURE)).to.deep.equal([]);
    }
    stopped.kernel.resume('kubelet@worker-1', 'spec');
    stopped.until(60);
    expect(stopped.entries('reported', PRESSURE)).to.have.length(1);
  });

  it('is forgotten with the process that has seen it', () => {
    const made = world({ a: ['900Mi', CRITICAL] }, { profile: 'default' });
    exhaust(made, '0');
    made.until(60);
    made.kubelets.faults.relieve('worker-1', 'step');
    made.kubelets.processes.kill('worker-1');
    made.until(70);
    expect(made.conditionOfNode(PRESSURE)).to.equal('True KubeletHasInsufficientMemory');
    made.kubelets.processes.start('worker-1');
    made.until(90);
    expect(made.conditionOfNode(PRESSURE)).to.equal('False KubeletHasSufficientMemory');
  });
});
