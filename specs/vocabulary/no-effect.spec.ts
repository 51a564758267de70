// Goal: what can never have an effect is an error before anything runs, at the argument that says
// so, and what only looks alike is left alone.

import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import { loadText } from '../runner/plan-text';

const NODES = 'cluster: {nodes: [{name: a}, {name: b}]}';
const SHOP = 'manifests: scenarios/manifests/shop.yaml';
const CLAIM = 'expect: [{at: 1s, reach: {from: shop/frontend, to: backend:80}}]';

function problems(step: string, claim = CLAIM): readonly string[] {
  const text = `scenario: one\n${NODES}\n${SHOP}\ntimeline: [${step}]\n${claim}\n`;
  return loadText(text, 'one.yaml')
    .diagnostics.filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code} ${message}`);
}

describe('an argument that amounts to nothing', () => {
  const between = 'from: node/a, to: node/b';
  const cases: readonly (readonly [step: string, argument: string])[] = [
    [`degrade: {${between}, loss: 0%}`, 'loss: 0%'],
    [`degrade: {${between}, corrupt: 0.0%, loss: 1%}`, 'corrupt: 0.0%'],
    [`degrade: {${between}, delay: 0s}`, 'delay: 0s'],
    ['fail: {component: coredns, dns: SERVFAIL, odds: 0%}', 'odds: 0%'],
    ['fail: {component: coredns, dns: SERVFAIL, pattern: [0, 0]}', 'pattern: [0, 0]'],
    ['stale: {component: kube-proxy, hold: 0s}', 'hold: 0s'],
    ['stale: {component: kube-proxy, rewind: 0ms}', 'rewind: 0ms'],
    ['slow: {component: kube-proxy, add: 0s}', 'add: 0s'],
    ['skew: {node: a, offset: -0s}', 'offset: -0s'],
    ['skew: {node: a, drift: 0%}', 'drift: 0%'],
  ];
  for (const [step, argument] of cases) {
    it(`${step} is refused`, () => {
      expect(problems(`{at: 5s, ${step}}`)).to.deep.equal([`KD1105 \`${argument}\` has no effect`]);
    });
  }

  it('is no problem where another argument does something with it', () => {
    expect(problems(`{at: 5s, degrade: {${between}, delay: 0s, jitter: 5ms}}`)).to.deep.equal([]);
    expect(problems('{at: 5s, slow: {component: kube-proxy, add: 0s, factor: 2}}')).to.deep.equal(
      [],
    );
  });

  it('a factor of one is refused, unless something is added', () => {
    expect(problems('{at: 5s, slow: {component: kube-proxy, factor: 1}}')).to.deep.equal([
      'KD1105 once as long is as long as before: it has no effect',
    ]);
    expect(problems('{at: 5s, slow: {component: kube-proxy, factor: 1, add: 1s}}')).to.deep.equal(
      [],
    );
  });
});

describe('a control row of a matrix', () => {
  const between = 'from: node/a, to: node/b';
  const cases: readonly (readonly [step: string, path: string, cells: string])[] = [
    [`degrade: {${between}, loss: 5%}`, 'degrade.loss', '[0%, 50%]'],
    [`degrade: {${between}, delay: 5ms}`, 'degrade.delay', '[0s, 50ms]'],
    [
      `degrade: {${between}, loss: 5%}`,
      'degrade',
      `[{${between}, loss: 0%}, {${between}, mtu: 1400}]`,
    ],
    ['fail: {component: coredns, dns: SERVFAIL}', 'fail.odds', '[0%, 50%]'],
    ['stale: {component: kube-proxy, hold: 1s}', 'stale.hold', '[0s, 2s]'],
    ['slow: {component: kube-proxy, add: 1s}', 'slow.add', '[0s, 2s]'],
    ['skew: {node: a, offset: 1s}', 'skew.offset', '[0s, 2s]'],
  ];
  for (const [step, path, cells] of cases) {
    it(`may say ${path}: ${cells}, and its fault does nothing`, () => {
      const claim = '{always: {reach: {from: shop/frontend, to: backend:80}}}';
      const text = [
        'scenario: one',
        NODES,
        SHOP,
        `timeline: [{at: 5s, ${step}}]`,
        `expect: [${claim}]`,
        `matrix: {timeline.0.${path}: ${cells}}`,
      ].join('\n');
      const { plans, diagnostics } = loadText(text, 'one.yaml');
      expect(diagnostics.map(({ message }) => message)).to.deep.equal([]);
      const { outcomes } = runPlan(plans[0]!, 1);
      expect(outcomes.filter(({ status }) => status !== 'passed')).to.deep.equal([]);
    });
  }

  it('takes nothing else along: what stands outside of the matrix is refused', () => {
    const text = [
      'scenario: one',
      NODES,
      SHOP,
      `timeline: [{at: 5s, degrade: {${between}, loss: 0%}}]`,
      CLAIM,
      'matrix: {cluster.proxy: [iptables, ipvs]}',
    ].join('\n');
    const found = loadText(text, 'one.yaml').diagnostics.map(({ message }) => message);
    expect(found).to.deep.equal(['`loss: 0%` has no effect']);
  });
});

describe('sides of a cut between which nothing passes', () => {
  const IDLE = ['KD1105 what a machine sends to itself passes no link: this has no effect'];

  it('one machine is no two sides', () => {
    expect(problems('{at: 5s, cut: {from: node/a, to: nodes/a}}')).to.deep.equal(IDLE);
    expect(problems('{at: 5s, cut: {between: [node/a, node/b, node/a]}}')).to.deep.equal(IDLE);
    expect(problems('{at: 5s, cut: {from: node/a, to: node/b}}')).to.deep.equal([]);
  });

  it('pods of one workload can be cut off from each other', () => {
    expect(problems('{at: 5s, cut: {from: shop/backend, to: shop/backend}}')).to.deep.equal([]);
  });

  it('only TCP is reset, and icmp has no ports', () => {
    expect(problems('{at: 5s, cut: {from: node/a, mode: reset, protocol: udp}}')).to.deep.equal([
      'KD1105 only TCP has resets: nothing of udp is reset',
    ]);
    expect(problems('{at: 5s, cut: {from: node/a, protocol: icmp, ports: [80]}}')).to.deep.equal([
      'KD1105 icmp has no ports: nothing matches',
    ]);
    expect(problems('{at: 5s, cut: {from: node/a, mode: reset, protocol: tcp}}')).to.deep.equal([]);
  });
});

describe('a relist', () => {
  it('has no end, unless something lasts beside it', () => {
    expect(
      problems('{at: 5s, stale: {component: kube-proxy, relist: true}, for: 5s}'),
    ).to.deep.equal(['KD1112 `stale` happens at one instant: nothing of it ends later']);
    const both = 'stale: {component: kube-proxy, relist: true, hold: 1s}';
    expect(problems(`{at: 5s, ${both}, for: 5s}`)).to.deep.equal([]);
  });
});

describe('names that only a run could miss until now', () => {
  it('a pick of more pods than there are is refused, until their number may have changed', () => {
    const kill = '{at: 5s, kill: {pods: {namespace: shop, labels: {app: backend}}, pick: 7}}';
    expect(problems(kill)).to.deep.equal(['KD1106 there are not 7 pods to pick from: 3 match']);
    const scale = '{at: 2s, do: {scale: shop/backend, replicas: 9}}';
    expect(problems(`${scale}, ${kill}`)).to.deep.equal([]);
  });

  it('only some kinds can be scaled, and only workloads roll out', () => {
    expect(problems('{at: 5s, do: {scale: service/shop/backend, replicas: 2}}')).to.deep.equal([
      'KD1606 "service/shop/backend" is a Service, not a Deployment, ReplicaSet, ' +
        'ReplicationController or StatefulSet',
    ]);
    expect(problems('{at: 5s, do: {restart: service/shop/backend}}')).to.deep.equal([
      'KD1606 "service/shop/backend" is a Service, not a Deployment, StatefulSet or DaemonSet',
    ]);
    expect(problems('{at: 5s, do: {restart: kubelet}}')).to.deep.equal([
      'KD1606 "kubelet" is a component, not a Deployment, StatefulSet or DaemonSet',
    ]);
    expect(problems('{at: 5s, do: {restart: shop/nobody}}')).to.deep.equal([
      'KD1601 there is neither a pod nor a workload "shop/nobody"',
    ]);
    expect(problems('{at: 5s, do: {restart: deployment/shop/backend}}')).to.deep.equal([]);
  });

  it('a command that must fail may be of anything', () => {
    const fails = 'fails: cannot be scaled';
    expect(
      problems(`{at: 5s, do: {scale: service/shop/backend, replicas: 2, ${fails}}}`),
    ).to.deep.equal([]);
  });

  it('more pods than a cluster may have are refused', () => {
    expect(problems('{at: 5s, do: {scale: shop/backend, replicas: 1000000000}}')).to.deep.equal([
      'KD1106 1000000000 is more than 150000',
    ]);
  });

  it('a converge counts all, any, p99 or one node', () => {
    const claim = (nodes: string) =>
      `expect: [{at: 5s, converge: {service: shop/backend, nodes: ${nodes}}}]`;
    expect(problems('', claim('p50'))).to.deep.equal(['KD1601 there is no node "p50"']);
    for (const nodes of ['all', 'any', 'p99', 'b']) {
      expect(problems('', claim(nodes)), nodes).to.deep.equal([]);
    }
  });
});
