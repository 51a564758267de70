// Goal: objects of Chaos Mesh become steps that mean the same; whatever does not is told with its
// place. Method: experiments as its own examples have them, in other words; each scenario goes
// through the language's own checks.

import { expect } from 'chai';
import { load } from '../../src/chai/load';
import { formatRemark, importObject, writeScenario } from '../../src/import/index';
import type { ImportedObject } from '../../src/import/index';
import { Sources } from '../../src/language/sources';
import type { Files } from '../../src/language/index';
import { seconds } from '../../src/values/time';

const SPAN = { start: seconds(10), length: seconds(600) };

function filesOf(texts: Readonly<Record<string, string>>): Files {
  return {
    read: (path) =>
      texts[path] === undefined ? { is: 'missing' } : { is: 'text', text: texts[path] },
    expand: (path) => [path],
  };
}

/** The objects of a stream, after the scenario of them has passed every check. */
function imported(text: string): readonly ImportedObject[] {
  const loaded = new Sources(filesOf({ 'chaos.yaml': text })).load('chaos.yaml');
  if (loaded.is !== 'source') throw new Error('it cannot be read');
  const objects = loaded.source.documents.map(({ tree }) => importObject(tree, SPAN));
  if (objects.some(({ steps }) => steps.length > 0)) {
    const scenario = writeScenario({ title: 'imported', manifests: [] }, objects);
    const { diagnostics } = load(['out.yaml'], filesOf({ 'out.yaml': scenario }));
    expect(diagnostics, scenario).to.deep.equal([]);
  }
  return objects;
}

function experiment(kind: string, spec: string, metadata = 'name: it, namespace: shop') {
  const text = `apiVersion: chaos-mesh.org/v1alpha1\nkind: ${kind}\nmetadata: {${metadata}}\nspec: ${spec}\n`;
  const [object] = imported(text);
  const faults = object!.steps.map(({ verb, args }) => ({ [verb]: args }));
  return { ...object!, faults, told: object!.remarks.map(formatRemark) };
}

const WEB = 'selector: {labelSelectors: {app: web}}';
const WEB_PODS = { namespace: 'shop', labels: { app: 'web' } };

describe('PodChaos', () => {
  it('pod-kill deletes by force', () => {
    const { faults, told } = experiment('PodChaos', `{action: pod-kill, mode: one, ${WEB}}`);
    expect(faults).to.deep.equal([{ kill: { pods: WEB_PODS, pick: 'one', how: 'delete' } }]);
    expect(told).to.deep.equal([]);
  });

  it('pod-kill with a grace is told', () => {
    const spec = `{action: pod-kill, mode: all, gracePeriod: 5, ${WEB}}`;
    expect(experiment('PodChaos', spec).told).to.deep.equal([
      'chaos.yaml:4:50: differs: spec.gracePeriod: pods that a selector chooses are deleted at once',
    ]);
  });

  it('pod-failure closes what the pods listen on, for as long as it lasts', () => {
    const spec = `{action: pod-failure, mode: fixed, value: "2", duration: 30s, ${WEB}}`;
    const { faults, steps, told } = experiment('PodChaos', spec);
    expect(faults).to.deep.equal([{ fail: { pods: WEB_PODS, pick: 2, refuse: true } }]);
    expect(steps[0]).to.include({ at: seconds(10), lasts: seconds(30) });
    expect(told[0]).to.contain('chaos.yaml:4:16: differs: spec.action: listeners are closed');
  });

  it('container-kill kills the containers of that name once, whatever its duration is', () => {
    const spec = `{action: container-kill, mode: all, containerNames: [app, log], duration: 1m, ${WEB}}`;
    const { faults, steps, told } = experiment('PodChaos', spec);
    expect(faults).to.deep.equal([{ kill: { pods: WEB_PODS, containers: ['app', 'log'] } }]);
    expect(steps[0]).to.not.have.property('lasts');
    expect(told).to.deep.equal([
      'chaos.yaml:4:81: idle: spec.duration: what happens once does not last',
    ]);
  });

  it('is not carried over where the action is unknown or lacks what it needs', () => {
    expect(experiment('PodChaos', `{action: pod-eat, mode: all, ${WEB}}`).told[0]).to.contain(
      'none of',
    );
    const lacking = experiment('PodChaos', `{action: container-kill, mode: all, ${WEB}}`);
    expect(lacking.steps).to.deep.equal([]);
    expect(lacking.told[0]).to.contain('needs containerNames');
  });
});

describe('selectors', () => {
  const kill = (rest: string) => experiment('PodChaos', `{action: pod-kill, ${rest}}`);

  it('without a namespace choose in that of the object', () => {
    expect(kill('mode: all, selector: {}').faults).to.deep.equal([
      { kill: { pods: { namespace: 'shop' }, how: 'delete' } },
    ]);
  });

  it('of several namespaces or values are as many steps', () => {
    const several =
      'mode: all, selector: {namespaces: [a, b], expressionSelectors: [{key: app, operator: In, values: [x, z]}]}';
    expect(kill(several).faults.map(({ kill: args }) => args!.pods)).to.deep.equal([
      { namespace: 'a', labels: { app: 'x' } },
      { namespace: 'a', labels: { app: 'z' } },
      { namespace: 'b', labels: { app: 'x' } },
      { namespace: 'b', labels: { app: 'z' } },
    ]);
  });

  it('that choose among several of those have no counterpart', () => {
    const { steps, told } = kill('mode: one, selector: {namespaces: [a, b]}');
    expect(steps).to.deep.equal([]);
    expect(told).to.have.length(1);
    expect(told[0]).to.contain('skipped: spec.mode: "one" chooses among all of them');
  });

  it('by name ignore everything else, as upstream does', () => {
    const { faults, told } = kill('mode: all, selector: {pods: {shop: [a-0, a-1]}, nodes: [n]}');
    expect(faults).to.deep.equal([
      { kill: { pod: 'shop/a-0', how: 'delete' } },
      { kill: { pod: 'shop/a-1', how: 'delete' } },
    ]);
    expect(told).to.have.length(1);
    expect(told[0]).to.contain('idle: spec.selector.nodes');
  });

  for (const part of [
    'nodes: [worker-1]',
    'nodeSelectors: {disk: ssd}',
    'fieldSelectors: {metadata.name: x}',
    'annotationSelectors: {a: b}',
    'podPhaseSelectors: [Pending]',
    'expressionSelectors: [{key: app, operator: NotIn, values: [x]}]',
    'expressionSelectors: [{key: app, operator: Exists}]',
  ]) {
    it(`by ${part} have no counterpart`, () => {
      const { steps, told } = kill(`mode: all, selector: {labelSelectors: {app: web}, ${part}}`);
      expect(steps).to.deep.equal([]);
      expect(told[0]).to.match(/^chaos\.yaml:4:\d+: skipped: spec\.selector\./);
    });
  }

  it('round and draw shares otherwise, which is told', () => {
    const fixed = kill(`mode: fixed-percent, value: "50", ${WEB}`);
    expect(fixed.faults[0]!.kill).to.include({ pick: '50%' });
    expect(fixed.told[0]).to.contain('rounded down');
    expect(kill(`mode: fixed-percent, value: "100", ${WEB}`).told).to.deep.equal([]);
    const most = kill(`mode: random-max-percent, value: "40", ${WEB}`);
    expect(most.faults[0]!.kill).to.include({ pick: '40%' });
    expect(most.told[0]).to.contain('drawn from 0 to 40%');
    expect(kill(`mode: fixed, value: "0", ${WEB}`).steps).to.deep.equal([]);
    expect(kill(`mode: some, ${WEB}`).steps).to.deep.equal([]);
  });
});

describe('NetworkChaos', () => {
  const net = (rest: string) => experiment('NetworkChaos', `{mode: all, ${WEB}, ${rest}}`);
  const FROZEN = { pods: WEB_PODS, members: 'frozen' };

  it('goes one way where it says nothing, and keeps the pods that it has chosen', () => {
    expect(net('action: partition').faults).to.deep.equal([
      { cut: { from: FROZEN, direction: 'to' } },
    ]);
  });

  it('has a target, and direction both', () => {
    const target = 'target: {mode: one, selector: {labelSelectors: {app: db}}}';
    expect(net(`action: partition, direction: both, ${target}`).faults).to.deep.equal([
      {
        cut: {
          from: FROZEN,
          to: { pods: { namespace: 'shop', labels: { app: 'db' } }, pick: 'one' },
          direction: 'both',
        },
      },
    ]);
  });

  it('netem combines what it gives', () => {
    const parts =
      'delay: {latency: 90ms, jitter: 90ms, correlation: "0", reorder: {reorder: "5", gap: 3}}, ' +
      'loss: {loss: "25", correlation: "25"}, corrupt: {corrupt: "0.5"}, duplicate: {duplicate: "40"}';
    const { faults, told } = net(`action: netem, ${parts}`);
    expect(faults[0]!.degrade).to.deep.equal({
      from: FROZEN,
      direction: 'to',
      delay: '90ms',
      jitter: '90ms',
      loss: '25%',
      corrupt: '0.5%',
      duplicate: '40%',
      reorder: '5%',
    });
    expect(told.map((it) => it.replace(/^\S+ /, '').split(':', 2).join(':'))).to.have.members([
      'skipped: spec.delay.reorder.gap',
      'differs: spec.loss.correlation',
    ]);
  });

  it('of packets that nobody waits with, none overtakes another', () => {
    const { faults, told } = net('action: delay, delay: {reorder: {reorder: "5"}}');
    expect(faults).to.deep.equal([]);
    expect(told.join()).to.contain('spec.delay.reorder: nobody waits who could be overtaken');
  });

  // iproute2 lib/utils.c get_rate64: { "kbit", 1000. }, { "KBps", 8000. }, whatever the case.
  it('bandwidth is a rate of bytes or bits in the units of tc, powers of 1,000', () => {
    const { faults, told } = net(
      'action: bandwidth, bandwidth: {rate: 100kbps, limit: 100, buffer: 10000}',
    );
    expect(faults[0]!.degrade).to.include({ rate: '800kbit', limit: 100, buffer: 10_000 });
    expect(told).to.deep.equal([]);
    expect(net('action: bandwidth, bandwidth: {rate: 2tbit}').steps).to.have.length(1);
    expect(net('action: bandwidth, bandwidth: {rate: fast}').steps).to.deep.equal([]);
  });

  // chaos-mesh pkg/chaosdaemon/tc_server.go convertTbfToArgs: `mtu` of tc is the second bucket.
  it('a second bucket, and a queue into which nothing fits, are told of', () => {
    const { faults, told } = net(
      'action: bandwidth, bandwidth: {rate: 1mbps, limit: 1, buffer: 1600, ' +
        'peakrate: 2000000, minburst: 1600}',
    );
    expect(faults[0]!.degrade).to.include({ rate: '8000kbit' });
    expect(faults[0]!.degrade).not.to.have.any.keys('limit', 'buffer');
    expect(told.map((it) => it.split(': ').slice(2).join(': '))).to.deep.equal([
      'spec.bandwidth.limit: no packet fits into 1 bytes',
      'spec.bandwidth.buffer: a bucket has a queue: no limit',
      'spec.bandwidth.peakrate: a bucket is emptied at once here',
      'spec.bandwidth.minburst: a bucket is emptied at once here',
    ]);
  });

  it('leads to addresses outside, with their ports, and to Services', () => {
    const { faults, externals, told } = net(
      'action: partition, externalTargets: ["8.8.8.8", "1.1.1.1:80", backend.shop.svc, www.example.com, 8.8.0.0/16, 10.96.0.20]',
    );
    expect(faults.map(({ cut }) => ({ ...cut, from: 0 }))).to.deep.equal([
      { from: 0, to: 'external/at-8-8-8-8', direction: 'to' },
      { from: 0, to: 'external/at-1-1-1-1', ports: [80], protocol: 'tcp', direction: 'to' },
      { from: 0, to: { service: 'shop/backend' }, direction: 'to' },
    ]);
    expect(externals).to.deep.equal({
      'at-8-8-8-8': { ip: '8.8.8.8' },
      'at-1-1-1-1': { ip: '1.1.1.1' },
    });
    expect(told).to.have.length(3);
    for (const remark of told) expect(remark).to.contain('skipped: spec.externalTargets:');
  });

  it('is not widened where no target is left', () => {
    const { steps } = net('action: partition, externalTargets: [www.example.com]');
    expect(steps).to.deep.equal([]);
  });
});

describe('DNSChaos', () => {
  it('fails CoreDNS for everybody, which is told', () => {
    const spec =
      '{action: error, mode: all, patterns: [google.com, "chaos-mes?.*"], selector: {namespaces: [busybox]}}';
    const { faults, told } = experiment('DNSChaos', spec);
    expect(faults).to.deep.equal([
      { fail: { component: 'coredns', dns: 'SERVFAIL', names: ['google.com', 'chaos-mes?.*'] } },
    ]);
    expect(told).to.have.length(1);
    expect(told[0]).to.contain('differs: spec.selector: whoever asks');
  });

  it('random gives addresses where nobody is', () => {
    const { faults } = experiment('DNSChaos', '{action: random, mode: all, selector: {}}');
    expect(faults).to.deep.equal([{ fail: { component: 'coredns', dns: { A: 'random' } } }]);
  });
});

describe('TimeChaos', () => {
  it('of a component of the cluster is a skew', () => {
    const spec =
      '{mode: all, timeOffset: "-10m100ns", selector: {namespaces: [kube-system], labelSelectors: {component: kube-controller-manager}}}';
    const { faults, told } = experiment('TimeChaos', spec);
    expect(faults).to.deep.equal([{ skew: { component: 'controller-manager', offset: '-10m' } }]);
    expect(told[0]).to.contain('finer than a microsecond');
  });

  it('of other pods has no counterpart', () => {
    const { steps, told } = experiment('TimeChaos', `{mode: one, timeOffset: 1h, ${WEB}}`);
    expect(steps).to.deep.equal([]);
    expect(told[0]).to.contain('skipped: spec.selector: processes of pods read no clock');
  });
});

describe('Schedule', () => {
  const schedule = (rest: string, chaos: string) =>
    experiment(
      'Schedule',
      `{type: NetworkChaos, networkChaos: {action: partition, mode: all, ${WEB}${chaos}}, ${rest}}`,
    );
  const times = ({ steps }: ImportedObject) =>
    steps.map(({ at, every = 0, times: count = 1 }) => [at / 1e6, every / 1e6, count]);

  it('with @every begins one period after the start', () => {
    const spec = `{schedule: "@every 5s", type: PodChaos, historyLimit: 5, podChaos: {action: pod-kill, mode: one, ${WEB}}}`;
    const object = experiment('Schedule', spec);
    expect(times(object)).to.deep.equal([[15, 5, 120]]);
    expect(object.told).to.have.length(1);
    expect(object.told[0]).to.contain('it is followed for 10m');
  });

  it('of the calendar begins at the start', () => {
    expect(times(schedule('schedule: "*/2 * * * *"', ', duration: 30s'))).to.deep.equal([
      [10, 120, 6],
    ]);
    expect(times(schedule('schedule: "0,7 * * * *"', ', duration: 30s'))).to.deep.equal([
      [10, 420, 2],
    ]);
    expect(times(schedule('schedule: "0,1,7 * * * *"', ', duration: 1s'))).to.deep.equal([
      [10, 0, 1],
      [70, 0, 1],
      [430, 0, 1],
    ]);
  });

  it('begins nothing anew before the last has ended, and then at once', () => {
    expect(times(schedule('schedule: "@every 60s"', ', duration: 90s'))).to.deep.equal([
      [70, 90, 7],
    ]);
    const allowed = schedule('schedule: "@every 60s", concurrencyPolicy: Allow', ', duration: 90s');
    expect(times(allowed)).to.deep.equal([[70, 60, 10]]);
    const late = schedule('schedule: "@every 60s", startingDeadlineSeconds: 10', ', duration: 90s');
    expect(times(late)).to.deep.equal([[70, 120, 5]]);
  });

  it('of what never ends begins once', () => {
    expect(times(schedule('schedule: "@every 60s"', ''))).to.deep.equal([[70, 0, 1]]);
  });

  it('is not carried over where it never falls due, or repeats what has no counterpart', () => {
    expect(schedule('schedule: "0 0 31 2 *"', '').steps).to.deep.equal([]);
    const stress = experiment(
      'Schedule',
      '{schedule: "@hourly", type: StressChaos, stressChaos: {mode: one}}',
    );
    expect(stress.steps).to.deep.equal([]);
    expect(stress.told[0]).to.contain('skipped: spec.type: StressChaos');
  });
});

describe('what is left', () => {
  it('is told: unknown keys, other kinds, paused objects, manifests', () => {
    const odd = experiment('PodChaos', `{action: pod-kill, mode: one, ${WEB}, colour: red}`);
    expect(odd.steps).to.have.length(1);
    expect(odd.told).to.deep.equal([
      'chaos.yaml:4:85: skipped: spec.colour: it has no counterpart',
    ]);
    expect(experiment('IOChaos', '{}').told[0]).to.contain('there are no disks');
    expect(experiment('Workflow', '{}').told[0]).to.contain('a timeline has no branches');
    const paused = 'name: it, annotations: {experiment.chaos-mesh.org/pause: "true"}';
    const object = experiment('PodChaos', `{action: pod-kill, mode: one, ${WEB}}`, paused);
    expect(object.steps).to.deep.equal([]);
    expect(object.told[0]).to.contain('paused');
    const [config] = imported('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
    expect(config!.remarks.map(formatRemark)[0]).to.contain(
      'chaos.yaml:1:1: skipped: ConfigMap is no object',
    );
  });

  it('an old scheduler, another cluster and a wrong duration stop the object', () => {
    for (const key of ['scheduler: {cron: "@every 2m"}', 'remoteCluster: far', 'duration: long']) {
      const { steps, told } = experiment(
        'PodChaos',
        `{action: pod-kill, mode: one, ${WEB}, ${key}}`,
      );
      expect(steps, key).to.deep.equal([]);
      expect(told, key).to.have.length(1);
    }
  });
});
