// Goal: the node with the fewest pods comes first, however full the others were before, and what
// is counted in lists of numbers tells the same as a look at each node.

import { expect } from 'chai';
import type { Node } from '../../../src/apiserver/kinds/node';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import { Demands } from '../../../src/controllers/scheduling/demands';
import { NodesByLoad } from '../../../src/controllers/scheduling/nodes-by-load';
import { Random } from '../../../src/kernel/random';

function nodeNamed(name: string, { pods, taints = [] }: { pods?: number; taints?: [] } = {}): Node {
  const status = pods === undefined ? {} : { status: { allocatable: { pods: String(pods) } } };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints }, ...status };
}

function demandsOf(owner = '', spec: object = {}): Demands {
  const ownerReferences = [{ uid: owner, controller: true }];
  const metadata = owner === '' ? {} : { ownerReferences };
  return new Demands({ metadata, spec: { containers: [], ...spec } } as unknown as Pod);
}

const ANY = demandsOf();

function leastOf(loads: NodesByLoad, demands = ANY): string | undefined {
  const number = loads.firstOfLeast(demands);
  return number === undefined ? undefined : loads.nameOf(number);
}

describe('nodes by load', () => {
  let loads: NodesByLoad;

  const count = (name: string, by: 1 | -1, demands = ANY): void =>
    loads.count(loads.numberOf(name)!, demands, by);

  beforeEach(() => {
    loads = new NodesByLoad();
    for (const name of ['a', 'b']) {
      loads.put(nodeNamed(name));
      for (let pods = 0; pods < 3; pods++) count(name, 1);
    }
  });

  it('finds a node that has lost a pod before one that has not', () => {
    expect(leastOf(loads)).to.equal('a');
    count('b', -1);
    expect(leastOf(loads)).to.equal('b');
  });

  it('finds a node that has come since all others were full', () => {
    expect(leastOf(loads)).to.equal('a');
    loads.put(nodeNamed('c'));
    expect(leastOf(loads)).to.equal('c');
  });

  it('finds a node again that did not suit, though others have a gap between them', () => {
    count('b', 1);
    count('b', 1);
    count('a', 1, demandsOf('web'));
    expect(leastOf(loads, demandsOf('web'))).to.equal('b');
    expect(leastOf(loads)).to.equal('a');
  });

  it('finds a node after all of them were forgotten', () => {
    expect(leastOf(loads)).to.equal('a');
    loads.clear();
    expect(leastOf(loads)).to.equal(undefined);
    loads.put(nodeNamed('d'));
    expect(leastOf(loads)).to.equal('d');
  });

  it('forgets who was where, and which ports were held, with the nodes', () => {
    const demands = demandsOf('web', { containers: [{ ports: [{ hostPort: 80 }] }] });
    count('a', 1, demands);
    expect(leastOf(loads, demands)).to.equal('b');
    loads.clear();
    loads.put(nodeNamed('a'));
    expect(leastOf(loads, demands)).to.equal('a');
    expect(loads.spreadOf('web').get(loads.numberOf('a')!)).to.equal(0);
  });

  it('heeds what a node has become: full, cordoned, gone', () => {
    loads.put(nodeNamed('a', { pods: 3 }));
    expect(leastOf(loads)).to.equal('b');
    loads.put({ ...nodeNamed('b'), spec: { unschedulable: true } });
    expect(leastOf(loads)).to.equal(undefined);
    expect(loads.whyNot(0, ANY)).to.equal('Too many pods');
    expect(loads.whyNot(1, ANY)).to.equal('node(s) were unschedulable');
    loads.put(nodeNamed('a', { pods: 4 }));
    expect(leastOf(loads)).to.equal('a');
    loads.delete('a');
    loads.put(nodeNamed('b'));
    expect(leastOf(loads)).to.equal('b');
  });

  it('counts the pods of an owner on each node, also more than one, and less than none', () => {
    const web = demandsOf('web');
    const counts = (): number[] => [0, 1].map((node) => loads.spreadOf('web').get(node));
    const has = (): boolean[] => [0, 1].map((node) => loads.spreadOf('web').has(node));
    const steps: [1 | -1, string, number[], boolean[]][] = [
      [1, 'a', [1, 0], [true, false]],
      [1, 'a', [2, 0], [true, false]],
      [1, 'b', [2, 1], [true, true]],
      [-1, 'a', [1, 1], [true, true]],
      [-1, 'a', [0, 1], [false, true]],
      // One that was gone before its node came was never counted.
      [-1, 'a', [-1, 1], [true, true]],
      [1, 'a', [0, 1], [false, true]],
    ];
    for (const [by, name, expected, some] of steps) {
      count(name, by, web);
      expect([counts(), has()]).to.deep.equal([expected, some]);
    }
    expect(loads.spreadOf('nobody').has(0)).to.equal(false);
  });

  it('chooses as one would who looks at all nodes each time', () => {
    const stream = new Random(1).stream('choices');
    const owners = ['', 'web', 'db'].map((owner) => demandsOf(owner));
    const plain = new PlainLoads();
    loads = new NodesByLoad();
    for (let step = 0; step < 3_000; step++) {
      const name = `node-${stream.below(90)}`;
      const demands = owners[stream.below(owners.length)]!;
      const kind = stream.below(20);
      if (kind === 0) {
        loads.delete(name);
        plain.delete(name);
      } else if (kind < 6) {
        const node = nodeNamed(name, { pods: 2 + stream.below(9) });
        loads.put(node);
        plain.put(node);
      } else if (kind < 9) {
        if (loads.numberOf(name) !== undefined) count(name, -1, demands);
        plain.count(name, demands, -1);
      } else {
        const chosen = leastOf(loads, demands);
        expect(chosen, `step ${step}`).to.equal(plain.least(demands));
        if (chosen === undefined) continue;
        count(chosen, 1, demands);
        plain.count(chosen, demands, 1);
      }
    }
  });
});

/** The obvious twin: each node with its pods by owner. */
class PlainLoads {
  private readonly nodes = new Map<string, { most: number; pods: number }>();
  private readonly owned = new Map<string, number>();
  private came = 0;
  private readonly lives = new Map<string, number>();

  put({ metadata: { name }, status }: Node): void {
    const known = this.nodes.get(name);
    const most = Number(status!.allocatable!['pods']);
    if (known === undefined) this.lives.set(name, this.came++);
    this.nodes.set(name, { most, pods: known?.pods ?? 0 });
  }

  delete(name: string): void {
    this.nodes.delete(name);
  }

  count(name: string, { owner }: Demands, by: number): void {
    const node = this.nodes.get(name);
    if (node === undefined) return;
    node.pods += by;
    const key = this.keyOf(name, owner);
    this.owned.set(key, (this.owned.get(key) ?? 0) + by);
  }

  least({ owner }: Demands): string | undefined {
    const free = [...this.nodes].filter(([name, { most, pods }]) => {
      return pods < most && (owner === '' || (this.owned.get(this.keyOf(name, owner)) ?? 0) === 0);
    });
    const height = ({ pods }: { pods: number }): number => Math.max(0, pods);
    return free.sort(([, a], [, b]) => height(a) - height(b))[0]?.[0];
  }

  /** A node that comes again is another one. */
  private keyOf(name: string, owner: string): string {
    return `${name}#${this.lives.get(name)} ${owner}`;
  }
}
