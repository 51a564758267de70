// Goal: a step that can do nothing in its cluster, whatever happens there, is refused where it is
// read, at the word that is wrong; one that may do something is left to the run.

import { expect } from 'chai';
import { loadText } from '../runner/plan-text';

function problems(cluster: string, step: string): readonly string[] {
  const text = `scenario: one
cluster: ${cluster}
timeline:
  - {at: 5s, ${step}}
expect:
  - {at: 6s, inspect: {query: $.now, count: 1}}
`;
  const lines = text.split('\n');
  return loadText(text, 'one.yaml').diagnostics.map(({ code, message, range }) => {
    const { line, column, endColumn } = range;
    return `${code} ${lines[line - 1]!.slice(column - 1, endColumn - 1)}: ${message}`;
  });
}

const BLIND = 'no kubelet of worker-1 looks at pid.available';
const SIZED = 'capacity: {ephemeral-storage: 100Gi}';

// pkg/kubelet/eviction/defaults_linux.go: no threshold of pid.available by default.
describe('`exhaust` of what a kubelet looks at', () => {
  it('is refused where no kubelet of the nodes looks at it', () => {
    const pids = 'exhaust: {node: worker-1, what: pids}';
    expect(problems('{nodes: 2}', pids)).to.deep.equal([`KD1607 pids: ${BLIND}`]);
    const none = '{nodes: 2, kubelet: {evictionHard: {memory.available: 0%}}}';
    expect(problems(none, 'exhaust: {nodes: all, what: memory}')).to.deep.equal([
      'KD1607 memory: no kubelet of worker-1, worker-2 looks at memory.available',
    ]);
    expect(problems('{nodes: 5}', 'exhaust: {nodes: all, what: pids}')).to.deep.equal([
      'KD1607 pids: no kubelet of 5 nodes looks at pid.available',
    ]);
  });

  it('is taken with a threshold, of the cluster or of the node, hard or soft', () => {
    const pids = 'exhaust: {node: worker-1, what: pids}';
    const soft =
      'evictionSoft: {pid.available: 1000}, evictionSoftGracePeriod: {pid.available: 1m}';
    for (const kubelet of ['evictionHard: {pid.available: 1000}', soft]) {
      expect(problems(`{nodes: 2, kubelet: {${kubelet}}}`, pids)).to.deep.equal([]);
      const own = `{nodes: [{name: worker-1, kubelet: {${kubelet}}}, {name: worker-2}]}`;
      expect(problems(own, pids)).to.deep.equal([]);
      expect(problems(own, 'exhaust: {nodes: all, what: pids, pick: one}')).to.deep.equal([]);
      expect(problems(own, 'exhaust: {node: worker-2, what: pids}')).to.have.length(1);
    }
  });

  it('asks for the size of a disk, of each node that is surely meant', () => {
    const message = 'nobody says how large the disk of worker-2 is';
    const some = `{nodes: [{name: worker-1, ${SIZED}}, {name: worker-2}]}`;
    expect(problems(some, 'exhaust: {nodes: all, what: disk}')).to.deep.equal([
      `KD1607 disk: ${message}`,
    ]);
    expect(problems(some, 'exhaust: {node: worker-1, what: disk}')).to.deep.equal([]);
    expect(problems(some, 'exhaust: {nodes: all, what: disk, pick: one}')).to.deep.equal([]);
    expect(problems('{nodes: 2}', 'exhaust: {nodes: all, what: disk, pick: one}')).to.deep.equal([
      'KD1607 disk: nobody says how large the disk of worker-1, worker-2 is',
    ]);
  });

  it('says nothing more of a node that there is not', () => {
    const step = 'exhaust: {node: worker-9, what: pids}';
    expect(problems('{nodes: 2}', step)).to.deep.equal([
      'KD1601 worker-9: there is no node "worker-9"',
    ]);
  });
});

describe('a step that asks for a part that is not there, or not modelled', () => {
  const cases: readonly (readonly [cluster: string, step: string, problem: string])[] = [
    [
      '{proxy: nftables}',
      'exhaust: {node: worker-1, what: lock}',
      'lock: in mode nftables nothing modelled waits for the lock of iptables',
    ],
    [
      '{proxy: ipvs}',
      'wipe: {node: worker-1, what: rules}',
      'rules: in mode ipvs it is not modelled who writes lost rules again',
    ],
    [
      '{cni: weave}',
      'wipe: {node: worker-1, what: routes}',
      'routes: it is not modelled who writes lost routes of weave again',
    ],
    [
      '{proxy: nftables}',
      'wipe: {node: worker-1, what: rules, match: {iptablesBackend: nft}}',
      'nft: in mode nftables it is not modelled which iptables is used',
    ],
    [
      '{proxy: nftables}',
      'do: {restart: {component: kube-proxy}, iptablesBackend: nft}',
      'nft: in mode nftables it is not modelled which iptables is used',
    ],
    [
      '{proxy: ipvs}',
      'fail: {component: kube-proxy, restore: fail}, for: 40s',
      'fail: in mode ipvs no sync of kube-proxy fails: it is not modelled',
    ],
  ];
  for (const [cluster, step, problem] of cases) {
    it(`${step} is refused in ${cluster}`, () => {
      expect(problems(cluster, step)).to.deep.equal([`KD1607 ${problem}`]);
      expect(problems('{cni: flannel, proxy: iptables}', step)).to.deep.equal([]);
    });
  }
});
