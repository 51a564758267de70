// Goal: what a cut or a bad line does besides packets: clients of the API server on the nodes lose
// it or hear of everything late, in-flight messages are delivered (faults.md §4.4, rule 2), each
// recovery takes back its own effect, and a target that is not there is an error (rule 8).

import { readFileSync } from 'node:fs';
import { expect } from 'chai';

import { load } from '../../../src/chai/load';
import { runPlan } from '../../../src/chai/model';
import type { Cluster, Cut, Degradation, End } from '../../../src/cluster/cluster';
import { createCluster, loadScenarios } from '../../../src/index';
import { ratio } from '../../../src/values/ratio';
import type { Ratio } from '../../../src/values/ratio';
import { milliseconds, ZERO } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';

const SHOP = readFileSync('scenarios/manifests/shop.yaml', 'utf8');

const hosts = (...names: readonly string[]): End => ({ is: 'hosts', hosts: new Set(names) });
const ANYONE: End = { is: 'anyone' };
const NODE = 'worker-3';

function cluster(): Cluster {
  const { plans } = loadScenarios(['scenarios/faults/node-partition-heal-at-60s.yaml']);
  return createCluster(plans[0]!.cluster, { seed: 1 });
}

function cutOf(from: End, to: End, token = 'cut', more: Partial<Cut> = {}): Cut {
  return { token, from, to, direction: 'both', mode: 'drop', established: 'break', ...more };
}

function lineOf(from: End, to: End, delay: Duration, token = 'line'): Degradation {
  return { token, from, to, direction: 'both', delay };
}

const stateOf = ({ api }: Cluster, ...agents: readonly string[]) =>
  agents.map((agent) => api.cutOf(`${agent}@${NODE}`));

describe('a node without a way to the API server', () => {
  it('loses all of its clients, and no other node loses any', () => {
    const made = cluster();
    made.handles.cut('cut', [cutOf(hosts(NODE), hosts('control-plane'))]);
    expect(stateOf(made, 'kubelet', 'kube-proxy')).to.deep.equal(['silent', 'silent']);
    expect(made.api.cutOf('kubelet@worker-1')).to.equal(undefined);
  });

  it('is told where the cut says something', () => {
    const made = cluster();
    made.handles.cut('cut', [cutOf(hosts(NODE), ANYONE, 'cut', { mode: 'reset' })]);
    expect(stateOf(made, 'kubelet')).to.deep.equal(['refused']);
  });

  it('needs only one direction to be cut, and the port of the API server', () => {
    const made = cluster();
    const change = (more: Partial<Cut>) =>
      made.handles.cut('cut', [cutOf(hosts(NODE), hosts('control-plane'), 'cut', more)]);
    for (const direction of ['to', 'from'] as const) {
      change({ direction });
      expect(stateOf(made, 'kubelet'), direction).to.deep.equal(['silent']);
    }
    change({ ports: [443] });
    expect(stateOf(made, 'kubelet')).to.deep.equal([undefined]);
    change({ ports: [6_443], protocol: 'TCP' });
    expect(stateOf(made, 'kubelet')).to.deep.equal(['silent']);
  });

  it('keeps the connections that it holds where the cut keeps what stands', () => {
    const made = cluster();
    const keep = cutOf(hosts(NODE), ANYONE, 'cut', { established: 'keep' });
    made.handles.cut('cut', [keep]);
    expect(stateOf(made, 'kubelet', 'kube-proxy')).to.deep.equal([undefined, undefined]);
  });

  it('is back with the last of its cuts', () => {
    const made = cluster();
    made.handles.cut('a', [cutOf(hosts(NODE), hosts('control-plane'), 'a')]);
    made.handles.cut('b', [cutOf(hosts(NODE), ANYONE, 'b')]);
    made.handles.cut('a', []);
    expect(stateOf(made, 'kubelet')).to.deep.equal(['silent']);
    made.handles.cut('b', []);
    expect(stateOf(made, 'kubelet')).to.deep.equal([undefined]);
  });

  it('cuts the DNS servers on it off as well', () => {
    const made = cluster();
    const placed = new Map<string, string>();
    for (const pod of made.api.store.list('Pod')) {
      const { nodeName = '' } = pod.spec as { nodeName?: string };
      if (pod.metadata.labels?.['k8s-app'] === 'kube-dns') placed.set(pod.metadata.name, nodeName);
    }
    expect(placed.size).to.equal(2);
    const [[name, node] = ['', ''], [other] = ['']] = [...placed];
    made.handles.cut('cut', [cutOf(hosts(node), hosts('control-plane'))]);
    expect(made.api.cutOf(`coredns@${name}`)).to.equal('silent');
    expect(made.api.cutOf(`coredns@${other}`)).to.equal(undefined);
  });

  it('is another matter than one process without it', () => {
    const made = cluster();
    const actors = new Set([`kube-proxy@${NODE}`, 'controller-manager/endpointslice']);
    const server: End = { is: 'hosts', hosts: new Set(['control-plane']), port: 6_443 };
    const rule = cutOf({ is: 'clients', actors }, server, 'cut', { mode: 'reject' });
    made.handles.cut('cut', [rule]);
    expect(stateOf(made, 'kubelet', 'kube-proxy')).to.deep.equal([undefined, 'refused']);
    expect(made.api.cutOf('controller-manager/endpointslice')).to.equal('refused');
    made.handles.cut('cut', []);
    expect(made.api.cutOf('controller-manager/endpointslice')).to.equal(undefined);
  });

  it('still gets through what was under way', () => {
    const made = cluster();
    const labelled = (name: string) => {
      const { labels = {} } = made.api.store.get('Node', NODE)!.metadata;
      return labels[name];
    };
    const write = (name: string) => {
      const patch = { metadata: { labels: { [name]: 'yes' } } };
      const actor = `kubelet@${NODE}`;
      made.api.submit({ verb: 'patch', kind: 'Node', key: NODE, patch, actor });
    };
    write('before');
    made.handles.cut('cut', [cutOf(hosts(NODE), ANYONE)]);
    write('after');
    made.kernel.runUntil(milliseconds(500) as number as Instant);
    expect([labelled('before'), labelled('after')]).to.deep.equal(['yes', undefined]);
  });
});

describe('a slow line to the API server', () => {
  const seenAt = (made: Cluster): number => {
    const { kernel } = made;
    const from = kernel.now;
    const isThere = (): boolean => made.send({ node: NODE }, TO)[0]!.disposition === 'answered';
    const patch = { spec: { externalIPs: ['198.51.100.9'] } };
    made.handles.patch('Service', 'shop/backend', patch);
    for (let step = 0; step < 4_000 && !isThere(); step++) {
      kernel.runUntil((kernel.now + 1_000) as Instant);
    }
    return (kernel.now - from) / 1_000;
  };
  const TO = { address: '198.51.100.9' as never, port: 80, protocol: 'TCP' } as const;

  it('delays what the node hears by what its packets wait on their way back', () => {
    const near = seenAt(cluster());
    const made = cluster();
    made.handles.degrade('line', [lineOf(hosts(NODE), hosts('control-plane'), milliseconds(300))]);
    expect(seenAt(made)).to.be.closeTo(near + 300, 1);
  });

  it('adds up, and each part recovers by itself', () => {
    const near = seenAt(cluster());
    const made = cluster();
    for (const token of ['a', 'b']) {
      const line = lineOf(hosts(NODE), ANYONE, milliseconds(200), token);
      made.handles.degrade(token, [line]);
    }
    made.handles.degrade('a', []);
    expect(seenAt(made)).to.be.closeTo(near + 200, 1);
  });
});

describe('a line to the API server that others fill', () => {
  const server = hosts('control-plane');
  /** 0.5 Mbit/s more than 1 Mbit/s fill 1.25 MB in 20 s; that is looked at every 2 s. */
  const full: Degradation = {
    token: 'line',
    from: hosts(NODE),
    to: server,
    direction: 'both',
    rate: 1_000_000,
    limit: 1_250_000,
    load: 1_500_000,
  };
  const heardAt = (made: Cluster, at: Duration): number => {
    made.kernel.runUntil(at as number as Instant);
    let heard = 0;
    made.api.observeDeliveries(`kube-proxy@${NODE}`, 'Service', () => {
      heard = (made.kernel.now - at) / 1_000;
    });
    made.handles.patch('Service', 'shop/backend', { metadata: { labels: { new: 'yes' } } });
    made.kernel.runUntil((at + 20_000_000) as Instant);
    return heard;
  };

  it('holds up what a node hears as long as its queue is, and not when it is gone', () => {
    const plain = heardAt(cluster(), milliseconds(4_500));
    const made = cluster();
    made.handles.degrade('line', [full]);
    // Since the look at 4 s: 2,000,000 bits, and the 74 bytes of a SYN.
    expect(heardAt(made, milliseconds(4_500)) - plain).to.be.closeTo(2_000.592, 0.001);
    const other = cluster();
    other.handles.degrade('line', [full]);
    other.kernel.runUntil(milliseconds(4_100) as number as Instant);
    other.handles.degrade('line', []);
    expect(heardAt(other, milliseconds(4_500))).to.equal(plain);
  });

  it('has been filled since the fault began, for those who join it too', () => {
    const made = cluster();
    made.kernel.runUntil(milliseconds(1_000) as number as Instant);
    made.handles.degrade('line', [full]);
    made.kernel.runUntil(milliseconds(3_000) as number as Instant);
    made.handles.degrade('line', [{ ...full, from: hosts(NODE, 'worker-1') }]);
    expect(made.handles.degradationsOf('line')[0]!.since).to.equal(1_000_000);
  });
});

describe('a line to the API server that loses packets', () => {
  const half = ratio(1, 2);
  /** When kube-proxies of both nodes have heard of a change, in milliseconds after it. */
  const heardAt = (seed: number, loss: Ratio | undefined): readonly [number, number] => {
    const { plans } = loadScenarios(['scenarios/faults/node-partition-heal-at-60s.yaml']);
    const made = createCluster(plans[0]!.cluster, { seed });
    const line = {
      ...lineOf(hosts(NODE), hosts('control-plane'), ZERO),
      direction: 'from',
    } as const;
    if (loss !== undefined) made.handles.degrade('line', [{ ...line, loss }]);
    const seen = new Map<string, number>();
    const from = made.kernel.now;
    for (const node of ['worker-1', NODE]) {
      made.api.observeDeliveries(`kube-proxy@${node}`, 'Service', () => {
        seen.set(node, (made.kernel.now - from) / 1_000);
      });
    }
    made.handles.patch('Service', 'shop/backend', { metadata: { labels: { new: 'yes' } } });
    made.kernel.runUntil((from + 40_000_000) as Instant);
    return [seen.get('worker-1')!, seen.get(NODE)!];
  };

  it('makes it hear of changes after a retransmission, as the seed has it', () => {
    const waits = new Set<number>();
    for (let seed = 1; seed <= 12; seed++) {
      const [plain, lossy] = [heardAt(seed, undefined), heardAt(seed, half)];
      expect(lossy[0], 'nobody else is late').to.equal(plain[0]);
      waits.add(lossy[1] - plain[1]);
    }
    const possible = [0, 200, 600, 1_400, 3_000, 6_200, 12_600, 25_400];
    expect(possible).to.include.members([...waits]);
    expect(waits.size).to.be.above(1);
  });

  it('is cut where it loses everything, and the client is told nothing', () => {
    const made = cluster();
    const line = lineOf(hosts(NODE), hosts('control-plane'), ZERO);
    made.handles.degrade('line', [{ ...line, loss: ratio(1, 1) }]);
    expect(stateOf(made, 'kubelet')).to.deep.equal(['silent']);
    made.handles.degrade('line', [{ ...line, loss: half }]);
    expect(stateOf(made, 'kubelet')).to.deep.equal([undefined]);
  });

  it('of one process cuts that one off where it loses everything', () => {
    const made = cluster();
    const actors = new Set([`kube-proxy@${NODE}`]);
    const server: End = { is: 'hosts', hosts: new Set(['control-plane']), port: 6_443 };
    const line = lineOf({ is: 'clients', actors }, server, ZERO);
    made.handles.degrade('line', [{ ...line, loss: ratio(1, 1) }]);
    expect(stateOf(made, 'kubelet', 'kube-proxy')).to.deep.equal([undefined, 'silent']);
  });
});

describe('a step that hits nothing', () => {
  function problems(step: object): string[] {
    const scenario = {
      scenario: 'a cut',
      cluster: { nodes: 2 },
      timeline: [{ at: '5s', do: { scale: 'deployment/shop/backend', replicas: 0 } }, step],
      expect: [{ at: '1s', reach: { from: 'node/worker-1', to: '10.96.0.20:80' } }],
    };
    const text = [JSON.stringify(scenario), SHOP].join('\n---\n');
    const { plans } = load(['cut.yaml'], {
      read: () => ({ is: 'text', text }),
      expand: (path) => [path],
    });
    const { outcomes } = runPlan(plans[0]!, 1);
    return outcomes.filter(({ status }) => status !== 'passed').map(({ actual }) => actual);
  }

  it('is an error of the scenario', () => {
    const cut = { cut: { from: 'shop/frontend', to: 'shop/backend' } };
    expect(problems({ at: '20s', ...cut })[0]).to.contain('it hit nothing');
    expect(problems({ at: '3s', ...cut })).to.deep.equal([]);
    const line = { degrade: { from: 'shop/frontend', to: 'shop/backend', delay: '1s' } };
    expect(problems({ at: '20s', ...line })[0]).to.contain('it hit nothing');
  });
});
