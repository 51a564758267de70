// Goal: nodes that begin with versions of their own are judged by the version skew policy, each at
// its own version; and upgrades are judged by what the nodes began with.
// source: https://kubernetes.io/releases/version-skew-policy

import { expect } from 'chai';
import type { Cluster } from '../../src/cluster/cluster';
import { createCluster } from '../../src/index';
import { loadText } from '../runner/plan-text';

interface Setup {
  readonly kubernetes: string;
  readonly nodes: readonly string[];
  readonly proxy?: string;
  readonly steps?: readonly string[];
}

function load({ kubernetes, nodes, proxy = 'iptables', steps = [] }: Setup) {
  const lines = [
    'scenario: versions',
    'cluster:',
    `  kubernetes: "${kubernetes}"`,
    `  proxy: ${proxy}`,
    '  nodes:',
    ...nodes.map((version, index) => {
      const own = version === '' ? '' : `, version: "${version}"`;
      return `    - {name: worker-${index + 1}${own}}`;
    }),
    ...(steps.length === 0 ? [] : ['timeline:', ...steps.map((step) => `  - ${step}`)]),
    'expect:',
    '  - {at: 5s, inspect: {query: $.now, count: 1}}',
  ];
  const text = `${lines.join('\n')}\n`;
  const { plans, diagnostics } = loadText(text, 'versions.yaml');
  const problems = diagnostics.map(({ range, message }) => `${range.line}: ${message}`);
  return { plans, problems, hints: diagnostics.map(({ hint }) => hint) };
}

describe('the version of a node', () => {
  it('may be up to three minor versions older than the API server, and no newer', () => {
    expect(load({ kubernetes: '1.36', nodes: ['1.33', '1.36', ''] }).problems).to.deep.equal([]);
    expect(load({ kubernetes: '1.36', nodes: ['1.33', '1.32'] }).problems).to.deep.equal([
      '7: kubelet@worker-2 of 1.32 is more than 3 minor versions older than the API server of 1.36',
    ]);
    expect(load({ kubernetes: '1.34', nodes: ['1.35', '1.35'] }).problems).to.deep.equal([
      '6: kubelet@worker-1 of 1.35 is newer than the API server of 1.34',
      '7: kubelet@worker-2 of 1.35 is newer than the API server of 1.34',
    ]);
  });

  // KEP-3866: the nftables mode came with 1.29.
  it('has to have the mode of its kube-proxy', () => {
    const setup = { kubernetes: '1.31', nodes: ['1.28'] } as const;
    expect(load({ ...setup, proxy: 'nftables' }).problems).to.deep.equal([
      '6: proxy mode "nftables" exists since Kubernetes 1.29',
    ]);
    expect(load({ ...setup, proxy: 'nftables' }).hints).to.deep.equal([
      'give the node a version that has it, or cluster.proxy another mode',
    ]);
    expect(load({ kubernetes: '1.31', nodes: ['1.32'] }).hints).to.deep.equal([
      'the skew that is supported: kubernetes.io/releases/version-skew-policy',
    ]);
    expect(load({ ...setup, proxy: 'ipvs' }).problems).to.deep.equal([]);
  });

  it('is what an upgrade begins from', () => {
    const step = '{at: 10s, do: {upgrade: {component: apiserver}, to: "1.36"}}';
    const setup = { kubernetes: '1.35', steps: [step] };
    expect(load({ ...setup, nodes: ['1.33'] }).problems).to.deep.equal([]);
    expect(load({ ...setup, nodes: ['1.32'] }).problems).to.deep.equal([
      '8: kubelet@worker-1 of 1.32 is more than 3 minor versions older than the API server of 1.36',
    ]);
  });
});

describe('a cluster whose nodes begin with versions of their own', () => {
  const cluster = (): Cluster => {
    const { plans } = load({ kubernetes: '1.36', nodes: ['1.33', ''] });
    return createCluster(plans[0]!.cluster, { seed: 1 });
  };
  const versionsIn = ({ timing }: Cluster) =>
    ['kubelet@worker-1', 'kube-proxy@worker-1', 'kubelet@worker-2', 'apiserver'].map((actor) =>
      timing.versions.of(actor),
    );

  it('has them in its processes, and in its forks', () => {
    const expected = ['1.33', '1.33', '1.36', '1.36'];
    expect(versionsIn(cluster())).to.deep.equal(expected);
    expect(versionsIn(cluster().fork())).to.deep.equal(expected);
  });

  it('counts them where it is asked for an upgrade', () => {
    const { handles, components } = cluster();
    const servers = components.filter(({ name }) => name === 'apiserver');
    const of = (version: string) => handles.upgradeProblem(servers, version as never);
    expect(of('1.36')).to.equal(undefined);
    const kubelet = components.filter(({ actor }) => actor === 'kubelet@worker-2');
    expect(handles.upgradeProblem(kubelet, '1.32' as never)).to.contain('worker-2 of 1.32');
    handles.upgrade(kubelet, '1.34' as never);
    expect(handles.upgradeProblem(servers, '1.37' as never)).to.contain('worker-1 of 1.33');
  });
});
