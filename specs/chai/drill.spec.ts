// Goal: a drill moves a cluster as a timeline does, and passes over nothing in silence.

import { expect } from 'chai';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { buildCluster, InvalidScenario, loadScenario } from '../../src/chai/plugin';
import { SHOP, shop, thrownBy } from './shop';

const readyPods = (drill: ReturnType<typeof shop>): number =>
  drill.cluster.serving('shop/backend').length;

describe('a drill', () => {
  it('begins at zero, settled, with three nodes', () => {
    const drill = shop();
    expect(drill.clock).to.equal('0s');
    expect(drill.cluster.machines.size).to.be.at.least(3);
    expect(readyPods(drill)).to.equal(3);
  });

  it('takes the cluster, the behaviour and the seed as a scenario does', () => {
    const drill = shop({
      nodes: 1,
      kubernetes: '1.33',
      cni: { name: 'flannel', mode: 'host-gw' },
      timing: 'instant',
      cluster: { domain: 'example.local' },
      behaviour: { 'deployment/shop/backend': { listen: [9090] } },
      seed: 7,
    });
    const { spec } = drill.cluster;
    expect(spec).to.include({ kubernetes: '1.33', domain: 'example.local' });
    expect(spec.timing.profile).to.equal('instant');
    expect(spec.nodes).to.have.length(1);
    expect(drill.seed).to.equal(7);
  });

  it('takes manifests as text, as objects and as files', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kubedrill-'));
    try {
      const file = path.join(folder, 'shop.yaml');
      fs.writeFileSync(file, SHOP);
      const near = path.relative(process.cwd(), file);
      const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'more' } };
      const drill = buildCluster({ manifests: [near, namespace] });
      expect(readyPods(drill)).to.equal(3);
      expect(drill.cluster.api.store.get('Namespace', 'more')).not.to.equal(undefined);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('names what is wrong with a description, with the nearest right word', () => {
    const error = thrownBy(() => buildCluster({ cluster: { prxy: 'iptables' } }));
    expect(error).to.be.instanceOf(InvalidScenario);
    expect(error.message).to.contain('did you mean "proxy"?');
    expect(() => buildCluster({ manifests: ['nowhere/*.yaml'] })).to.throw(InvalidScenario);
  });

  it('runs to instants and for spans, and never back', () => {
    const drill = shop().runUntil('10s').runFor('500ms');
    expect(drill.clock).to.equal('10.5s');
    expect(() => drill.runUntil('5s')).to.throw('it is already 10.5s');
    expect(() => drill.runFor('5')).to.throw(RangeError, 'no unit');
  });

  it('kills, and lets recover after a while', () => {
    const drill = shop().runUntil('10s').kill({ node: 'worker-2' }, { for: '30s' });
    const powered = (): boolean => drill.cluster.machines.get('worker-2')!.powered;
    expect(powered()).to.equal(false);
    drill.runUntil('39.999s');
    expect(powered()).to.equal(false);
    // The machine boots first.
    drill.runUntil('3m');
    expect(powered()).to.equal(true);
  });

  it('does what administrators do', () => {
    const drill = shop().do({ scale: 'deployment/shop/backend', replicas: 5 }).runFor('30s');
    expect(readyPods(drill)).to.equal(5);
    drill.do({ delete: 'service/shop/backend' }).runFor('1s');
    expect(drill.cluster.api.store.get('Service', 'shop/backend')).to.equal(undefined);
  });

  it('throws where a fault hits nothing', () => {
    const drill = shop();
    expect(() => drill.kill({ pods: { namespace: 'nowhere' } })).to.throw('hit nothing');
    expect(() => drill.kill({ pod: 'shop/nobody' })).to.throw('kill (step "kill-2"): ');
  });

  it('throws for arguments that the language does not know', () => {
    const odd = { pod: 'shop/backend#1', hwo: 'oom' } as object;
    expect(() => shop().kill(odd)).to.throw(TypeError, 'did you mean "how"?');
    expect(() => shop().do({ scael: 'x' } as never)).to.throw(TypeError);
  });

  it('throws for arguments that no schema can tell of, as a scenario is refused', () => {
    const worker = { node: 'worker-1' };
    const bytes = () => shop().exhaust({ ...worker, what: 'pids', left: '9Mi' });
    expect(bytes).to.throw(TypeError, '`pids` is counted, in no bytes');
    const owner = () => shop().exhaust({ pod: 'shop/backend#1', what: 'conntrack' });
    expect(owner).to.throw(TypeError, 'is said of a node');
    const half = { from: 'node/worker-1', to: 'node/worker-2', jitter: '5ms' };
    expect(() => shop().degrade(half)).to.throw(TypeError, 'a jitter varies a `delay`');
  });

  it('takes a fault that amounts to nothing: cases in code have a control, as a matrix has', () => {
    const line = { from: 'node/worker-1', to: 'node/worker-2' };
    for (const loss of ['0%', '30%']) shop().degrade({ ...line, loss });
  });

  it('gives equal journals for equal seeds', () => {
    const [one, two, other] = [3, 3, 4].map((seed) => {
      const drill = shop({ seed }).runUntil('10s').kill({ pod: 'shop/backend#1' });
      return drill.runUntil('20s').cluster.kernel.journal.digest;
    });
    expect(one).to.equal(two).and.not.to.equal(other);
  });
});

function head(title: string, more: string): string {
  const expectation = '{at: 0s, reach: {from: shop/client, to: backend:80}}';
  return `scenario: ${title}\n${more}expect:\n  - ${expectation}`;
}

describe('a scenario in code', () => {
  let folder = '';
  let file = '';

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kubedrill-'));
    file = path.relative(process.cwd(), path.join(folder, 'a.yaml')).split(path.sep).join('/');
    const timeline =
      'timeline:\n  - {at: 10s, do: {scale: deployment/shop/backend, replicas: 5}}\n';
    const matrix = 'matrix:\n  cluster.nodes: [1, 2]\n';
    fs.writeFileSync(
      file,
      [head('one', timeline), head('two', matrix), head('short', 'end: 5s\n'), SHOP].join(
        '\n---\n',
      ),
    );
  });

  after(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it('brings its timeline along', () => {
    const drill = loadScenario(file, { title: 'one' });
    expect(readyPods(drill.runUntil('9s'))).to.equal(3);
    expect(readyPods(drill.runUntil('40s'))).to.equal(5);
  });

  it('goes on after the end that it names', () => {
    const drill = loadScenario(file, { title: 'short' }).runUntil('30s');
    expect(readyPods(drill.do({ scale: 'deployment/shop/backend', replicas: 1 }))).to.equal(3);
    expect(readyPods(drill.runUntil('90s'))).to.equal(1);
  });

  it('is chosen by its title and its row', () => {
    const drill = loadScenario(file, { title: 'two', row: { 'cluster.nodes': '2' } });
    expect(drill.cluster.spec.nodes).to.have.length(2);
    expect(() => loadScenario(file)).to.throw(RangeError, '4 scenarios fit');
    expect(() => loadScenario(file, { title: 'three' })).to.throw(RangeError, '0 scenarios fit');
  });

  it('is refused where its file is wrong', () => {
    expect(() => loadScenario('nowhere.yaml')).to.throw(InvalidScenario, 'nowhere.yaml');
  });
});

describe('a drill of the network', () => {
  it('cuts and degrades, for as long as it is told', () => {
    const drill = shop().runUntil('1s');
    drill.cut({ from: 'node/worker-1', to: 'node/worker-2' }, { for: '5s' });
    drill.degrade({ from: 'node/worker-1', to: 'node/worker-2', delay: '20ms' }, { for: '10s' });
    const outcome = () => drill.cluster.send({ node: 'worker-1' }, elsewhere(drill))[0]!;
    expect(outcome().disposition).to.equal('partitioned');
    drill.runFor('5s');
    expect(outcome()).to.include({ disposition: 'refused-by-listener', took: 40_000 });
    drill.runFor('5s');
    expect(outcome()).not.to.have.property('took');
    expect(() => drill.cut({ from: 'shop/nobody' })).to.throw('cut (step "cut-3"): ');
  });
});

function elsewhere({ cluster }: ReturnType<typeof shop>) {
  const address = cluster.machines.get('worker-2')!.addresses[0]!;
  return { address, port: 9, protocol: 'TCP' } as const;
}
