// Goal: `upgrade` replaces what it names, and refuses what the version skew policy does, when it
// is read as far as the order of upgrades is known then, and when it is run.

import { expect } from 'chai';
import { createCluster } from '../../../src/cluster/create-cluster';
import { run as runPlan } from '../../../src/runner/run';
import { loadText } from '../../runner/plan-text';

function load(timeline: readonly string[], cluster = 'nodes: 2, kubernetes: "1.33"') {
  const text = [
    'scenario: upgrades',
    `cluster: {${cluster}}`,
    'manifests: [scenarios/manifests/shop.yaml]',
    'timeline:',
    ...timeline.map((step) => `  - ${step}`),
    'expect:',
    '  - {at: 1s, reach: {from: shop/frontend, to: backend:80}}',
    '',
  ].join('\n');
  return loadText(text, 'upgrade-spec.yaml');
}

/** What is said when the steps are read, with line and column. */
function read(...args: Parameters<typeof load>): readonly string[] {
  return load(...args).diagnostics.map(({ code, message, range }) => {
    return `${code} ${range.line}:${range.column} ${message}`;
  });
}

/** What is said of the steps when they are run. */
function run(...args: Parameters<typeof load>): readonly string[] {
  const { plans } = load(...args);
  const { outcomes } = runPlan(plans[0]!, { seed: 1, createCluster, trace: false });
  const isOfSteps = ({ title }: { readonly title: string }) => title.startsWith('every step');
  const steps = outcomes.filter((it) => isOfSteps(it) && it.status !== 'passed');
  return steps.map(({ actual }) => actual);
}

describe('upgrade, when it is read', () => {
  it('may go from version to version in the order of the policy', () => {
    expect(
      read([
        '{at: 30s, do: {upgrade: {component: controller-manager}, to: "1.34"}}',
        '{at: 40s, id: first, do: {upgrade: worker-1, to: "1.34"}}',
        '{after: first, plus: 10s, do: {upgrade: node/worker-2, to: "1.34"}}',
        '{at: 10s, do: {upgrade: {component: apiserver}, to: "1.34"}}',
        '{at: 60s, do: {upgrade: {component: coredns}, to: "1.34"}}',
      ]),
    ).to.deep.equal([]);
  });

  it('may not make a kubelet newer than the API server', () => {
    expect(read(['{at: 10s, do: {upgrade: worker-1, to: "1.34"}}'])).to.deep.equal([
      'KD1507 5:43 kubelet@worker-1 of 1.34 is newer than the API server of 1.33',
    ]);
  });

  it('may not skip a minor version of the API server', () => {
    expect(read(['{at: 10s, do: {upgrade: {component: apiserver}, to: "1.35"}}'])[0]).to.match(
      /^KD1507 5:57 an API server goes from 1\.33 to 1\.35 by one minor version at a time$/,
    );
  });

  it('judges the steps in the order of their instants', () => {
    const timeline = [
      '{at: 20s, do: {upgrade: {component: apiserver}, to: "1.34"}}',
      '{at: 10s, do: {upgrade: worker-1, to: "1.34"}}',
    ];
    expect(read(timeline)[0]).to.match(/^KD1507 6:43 kubelet@worker-1 of 1.34 is newer/);
  });

  it('counts no step that is to fail', () => {
    const timeline = ['{at: 10s, do: {upgrade: worker-1, to: "1.34", fails: newer}}'];
    expect(read(timeline)).to.deep.equal([]);
    expect(run(timeline)).to.deep.equal([]);
  });

  it('is of what has a version of Kubernetes', () => {
    const whyNot = (target: string, cluster?: string) => {
      return read([`{at: 10s, do: {upgrade: ${target}, to: "1.33"}}`], cluster)[0];
    };
    expect(whyNot('{component: etcd}')).to.match(/5:29 etcd has no version of Kubernetes/);
    expect(whyNot('{component: controller-manager/job}')).to.match(/has no version/);
    expect(whyNot('{component: scheduler, node: worker-1}')).to.match(/does not run on worker-1/);
    expect(whyNot('{component: coredns, node: worker-1}')).to.match(/one Deployment/);
    expect(whyNot('worker-7')).to.match(/there is no node "worker-7"/);
    const ebpf = 'cni: cilium, proxy: ebpf, kubernetes: "1.33"';
    expect(whyNot('{component: kube-proxy}', ebpf)).to.match(/eBPF programs/);
    expect(whyNot('{component: coredns}', 'dns: {replicas: 0}')).to.match(/with no version of it/);
  });

  it('needs the version in quotes, and one that is modelled', () => {
    expect(read(['{at: 10s, do: {upgrade: worker-1, to: 1.33}}'])[0]).to.match(/^KD1103/);
    expect(read(['{at: 10s, do: {upgrade: worker-1, to: "1.99"}}'])[0]).to.match(/^KD1104/);
  });
});

describe('upgrade, when it is run', () => {
  it('is judged where its order was not known before', () => {
    const event =
      'when: {object: deployment/shop/backend, becomes: {query: $.spec.replicas, equals: 2}}';
    const timeline = [
      `{${event}, do: {upgrade: worker-1, to: "1.34"}}`,
      '{at: 10s, do: {scale: deployment/shop/backend, replicas: 2}}',
    ];
    expect(read(timeline)).to.deep.equal([]);
    expect(run(timeline).join()).to.include(
      'kubelet@worker-1 of 1.34 is newer than the API server',
    );
  });

  it('needs a node with power', () => {
    const timeline = [
      '{at: 10s, kill: {node: worker-1}}',
      '{at: 20s, do: {upgrade: worker-1, to: "1.32"}}',
    ];
    expect(run(timeline).join()).to.include('worker-1 is off');
  });

  it('needs a version of kube-proxy that has the mode', () => {
    const timeline = ['{at: 10s, do: {upgrade: {component: kube-proxy}, to: "1.28"}}'];
    const cluster = 'nodes: 2, kubernetes: "1.31", proxy: nftables';
    expect(run(timeline, cluster).join()).to.match(/"nftables" exists since Kubernetes 1\.\d+/);
  });
});
