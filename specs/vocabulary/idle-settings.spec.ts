// Goal: a setting that nothing in its cluster reads is warned of, and none is that something reads:
// not one of the timers that runs of such clusters ask for.

import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import { Timing, TIMERS } from '../../src/timing';
import type { TimerName } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { seconds } from '../../src/values/time';
import { lexicon } from '../../src/vocabulary/lexicon';
import { loadText } from '../runner/plan-text';

/** Something for load balancers, and for agents that enforce policies. */
const MORE = `---
apiVersion: v1
kind: Service
metadata: {name: shown, namespace: shop}
spec: {type: LoadBalancer, selector: {app: backend}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec: {podSelector: {}, ingress: [{}]}
`;

function load(cluster: string, timeline = '') {
  const text = `scenario: one
cluster: {nodes: 2, ${cluster}}
manifests: scenarios/manifests/shop.yaml
${timeline}expect:
  - {at: 90s, inspect: {query: $.now, count: 1}}
${timeline === '' ? '' : MORE}`;
  return { ...loadText(text, 'one.yaml'), lines: text.split('\n') };
}

function warnings(cluster: string): readonly string[] {
  const { plans, diagnostics, lines } = load(cluster);
  expect(diagnostics).to.deep.equal([]);
  return plans[0]!.notes
    .filter(({ code }) => code === 'KD1408')
    .map(({ severity, range: { line, column, endColumn }, message }) => {
      expect(severity).to.equal('warning');
      return `${lines[line - 1]!.slice(column - 1, endColumn - 1)}: ${message}`;
    });
}

/** Clusters that between them have every part, and each of which lacks some. */
const CLUSTERS: readonly string[] = [
  'cni: flannel',
  'cni: {name: flannel, mode: host-gw}, dns: {nodelocal: true}, loadBalancer: cloud',
  'cni: bridge, proxy: {mode: iptables, minSyncPeriod: 2s}, loadBalancer: {metallb: {}}',
  'cni: {name: calico, mode: ipip}, proxy: nftables, loadBalancer: {metallb: {mode: bgp}}',
  'cni: {name: calico, mode: vxlan}, proxy: ipvs, loadBalancer: {cloud: {kind: proxy}}',
  'cni: cilium, proxy: ebpf',
  'cni: kindnet, proxy: {mode: ebpf, minSyncPeriod: 2s}',
  'cni: weave, proxy: {mode: ipvs, minSyncPeriod: 2s}',
  'cni: aws-vpc, proxy: {mode: nftables, minSyncPeriod: 2s}',
  'cni: {name: aws-vpc, networkPolicy: off}, dns: {nodelocal: {corefile: ". {\\n errors\\n}\\n"}}',
];

function idleTimersOf(spec: ClusterSpec): readonly string[] {
  const overrides = Object.fromEntries(Object.keys(TIMERS).map((name) => [name, seconds(1)]));
  const cluster = { ...spec, timing: { ...spec.timing, overrides } };
  const settings = lexicon.idleSettings(cluster).filter(({ path }) => path[0] === 'timing');
  return settings.map(({ path }) => String(path[1]));
}

/** The timers that anybody asks for while `task` goes on. */
function askedIn(task: () => void): ReadonlySet<string> {
  const asked = new Set<string>();
  const own = { ...methodsOf() };
  for (const [method, original] of Object.entries(own)) {
    Object.assign(Timing.prototype, {
      [method](this: Timing, name: TimerName, ...more: readonly unknown[]): unknown {
        asked.add(name);
        return (original as (...all: readonly unknown[]) => unknown).call(this, name, ...more);
      },
    });
  }
  try {
    task();
  } finally {
    Object.assign(Timing.prototype, own);
  }
  return asked;
}

/** Through which the table is read; all others read it through these. */
function methodsOf() {
  const { delay, base, override } = Timing.prototype;
  return { delay, base, override };
}

describe('a timer that nothing in the cluster waits for', () => {
  const steps = `timeline:
  - {at: 5s, kill: {node: worker-2, how: power}, for: 30s}
  - {at: 6s, do: {restart: deployment/shop/backend}}
  - {at: 7s, wipe: {node: worker-1, what: conntrack}}
  - {at: 50s, do: {delete: service/shop/shown}}
`;

  for (const cluster of CLUSTERS) {
    it(`is asked for by nobody in {${cluster}}`, () => {
      const { plans, diagnostics } = load(cluster, steps);
      expect(diagnostics).to.deep.equal([]);
      const [plan] = plans;
      const idle = idleTimersOf(plan!.cluster);
      const asked = askedIn(() => runPlan(plan!, 1));
      expect(asked.size).to.be.greaterThan(20);
      expect(idle.filter((name) => asked.has(name))).to.deep.equal([]);
      expect(idle).to.include.members(cluster.includes('ebpf') ? ['kube-proxy.canary'] : []);
    });
  }

  it('is waited for in some other cluster', () => {
    const idle = CLUSTERS.map((text) => new Set(idleTimersOf(load(text).plans[0]!.cluster)));
    const never = Object.keys(TIMERS).filter((name) => idle.every((it) => it.has(name)));
    expect(never).to.deep.equal([]);
    const sometimes = Object.keys(TIMERS).filter((name) => idle.some((it) => it.has(name)));
    expect(sometimes).to.have.length.greaterThan(35);
  });

  it('is warned of where it is written', () => {
    expect(
      warnings('timing: {metallb.probeInterval: 1s, kubelet.plegRelistPeriod: 2s}'),
    ).to.deep.equal([
      'metallb.probeInterval: nothing in this cluster waits for "metallb.probeInterval"',
    ]);
    const ipvs = 'timing: {kube-proxy.ipvs.minSyncPeriod: 1s}';
    expect(warnings(ipvs)).to.have.length(1);
    expect(warnings(`proxy: ipvs, ${ipvs}`)).to.deep.equal([]);
    expect(warnings(`proxy: {mode: ipvs, minSyncPeriod: 2s}, ${ipvs}`)).to.have.length(1);
  });
});

describe('a setting that another one switches off', () => {
  const cases: readonly (readonly [idle: string, setting: string, read: string])[] = [
    [
      'proxy: {mode: iptables, detectLocalMode: NodeCIDR, clusterCIDR: 10.244.0.0/16}',
      'clusterCIDR',
      'proxy: {mode: iptables, detectLocalMode: ClusterCIDR, clusterCIDR: 10.244.0.0/16}',
    ],
    [
      'proxy: {mode: ebpf, masqueradeAll: true}',
      'masqueradeAll',
      'proxy: {mode: ipvs, masqueradeAll: true}',
    ],
    [
      'cni: {name: cilium, mode: native}, proxy: {mode: ebpf, loadBalancer: {dsrDispatch: opt}}',
      'dsrDispatch',
      'cni: {name: cilium, mode: native}, proxy: {mode: ebpf, loadBalancer: {mode: dsr, dsrDispatch: opt}}',
    ],
    [
      'cni: cilium, proxy: {mode: ebpf, maglev: {tableSize: 251}}',
      'maglev',
      'cni: cilium, proxy: {mode: ebpf, loadBalancer: {algorithm: maglev}, maglev: {tableSize: 251}}',
    ],
    [
      'cni: {name: cilium, mode: native, tunnelProtocol: geneve}, proxy: ebpf',
      'tunnelProtocol',
      'cni: {name: cilium, mode: native, tunnelProtocol: geneve}, ' +
        'proxy: {mode: ebpf, loadBalancer: {mode: dsr, dsrDispatch: geneve}}',
    ],
  ];
  for (const [idle, setting, read] of cases) {
    it(`is warned of: ${setting} in {${idle}}`, () => {
      const found = warnings(idle);
      expect(found).to.have.length(1);
      expect(found[0]).to.match(new RegExp(`^${setting}: `));
      expect(warnings(read)).to.deep.equal([]);
    });
  }
});

// pkg/kubelet/eviction/helpers.go ParseThresholdConfig; eviction_manager.go synchronize
describe('a setting of evictions', () => {
  const soft =
    'evictionSoft: {memory.available: 1Gi}, evictionSoftGracePeriod: {memory.available: 1m}';

  it('says nothing without its threshold', () => {
    expect(warnings('kubelet: {evictionSoftGracePeriod: {memory.available: 1m}}')).to.have.length(
      1,
    );
    expect(warnings('kubelet: {evictionMinimumReclaim: {pid.available: 10}}')).to.have.length(1);
    expect(warnings('kubelet: {evictionMaxPodGracePeriod: 30}')).to.have.length(1);
    expect(warnings(`kubelet: {${soft}, evictionMaxPodGracePeriod: 30}`)).to.deep.equal([]);
  });

  it('has the thresholds that a kubelet has by default', () => {
    const reclaim = 'evictionMinimumReclaim: {memory.available: 100Mi, nodefs.available: 1Gi}';
    expect(warnings(`kubelet: {${reclaim}}`)).to.deep.equal([]);
    const other = 'evictionHard: {pid.available: 1000}';
    expect(warnings(`kubelet: {${reclaim}, ${other}}`)).to.have.length(2);
  });
});
