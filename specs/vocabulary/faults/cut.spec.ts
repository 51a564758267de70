// Goal: `cut` finds both of its sides in the cluster, whatever they are, makes rules of them under
// its own token, follows what comes to match, and takes back nothing but its own.

import { expect } from 'chai';

import type { Cut } from '../../../src/cluster/cluster';
import cut from '../../../src/vocabulary/faults/cut';
import { UnknownTargetError } from '../../../src/vocabulary/targets';
import { shop } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const CONTEXT = { step: 'cut', recovers: true };
const BACKENDS = ['shop/backend-a', 'shop/backend-b', 'shop/backend-c'];

/** A shop whose backends stand behind a Service with an address. */
function cluster(): FakeCluster {
  const made = shop();
  made.put({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'cart', namespace: 'shop' },
    spec: {
      clusterIPs: ['10.96.0.20'],
      externalIPs: ['198.51.100.7'],
      ports: [{ port: 80 }, { port: 443 }],
    },
    status: { loadBalancer: { ingress: [{ ip: '198.51.100.1' }, { hostname: 'lb.example.com' }] } },
  });
  return made;
}

function inject(args: object, made = cluster()) {
  const injection = cut.inject(made, args, CONTEXT);
  return { ...injection, rules: made.handles.cutsOf('cut'), made };
}

/** A side as a text: `pods shop/web-x, shop/web-y`. */
function sideText(end: Cut['from']): string {
  if (end.is === 'anyone') return 'anyone';
  if (end.is === 'clients') return `clients ${[...end.actors].join(', ')}`;
  if (end.is === 'pods') return `pods ${[...end.pods].join(', ')}`;
  const port = end.port === undefined ? '' : ` port ${end.port}`;
  const members = end.is === 'hosts' ? end.hosts : end.addresses;
  return `${end.is} ${[...members].join(', ')}${port}`;
}

const sides = (args: object): string[] =>
  inject(args).rules.map(({ from, to }) => `${sideText(from)} | ${sideText(to)}`);

const problems = (args: object) => cut.check!(args).map(({ path }) => path);

describe('the sides of a cut', () => {
  for (const [what, target, text] of [
    ['a pod by number', 'shop/backend#2', 'pods shop/backend-b'],
    ['every pod of a workload', 'shop/backend', `pods ${BACKENDS.join(', ')}`],
    ['selected pods', { pods: { labels: { app: 'backend' } } }, `pods ${BACKENDS.join(', ')}`],
    ['a node', 'node/worker-2', 'hosts worker-2'],
    ['all nodes', { nodes: 'all' }, 'hosts worker-1, worker-2'],
    ['a machine outside', 'external/internet', 'hosts external/internet'],
    [
      'a Service with a port',
      { service: 'shop/cart', port: 80 },
      'addresses 10.96.0.20, 198.51.100.7, 198.51.100.1 port 80',
    ],
    [
      'a Service by its kind',
      'service/shop/cart',
      'addresses 10.96.0.20, 198.51.100.7, 198.51.100.1',
    ],
    ['the API server', { component: 'apiserver' }, 'hosts control-plane port 6443'],
  ] as const) {
    it(`can be ${what}`, () => {
      expect(sides({ from: 'shop/frontend', to: target })).to.deep.equal([
        `pods shop/frontend-a | ${text}`,
      ]);
    });
  }

  it('are everybody else where one is not named', () => {
    expect(sides({ from: 'node/worker-1' })).to.deep.equal(['hosts worker-1 | anyone']);
    expect(sides({ to: 'shop/backend#1', ports: [8080] })).to.deep.equal([
      'anyone | pods shop/backend-a',
    ]);
  });

  it('are any two of the groups', () => {
    const groups = ['node/worker-1', 'node/worker-2', 'external/internet'];
    expect(sides({ between: groups })).to.deep.equal([
      'hosts worker-1 | hosts worker-2',
      'hosts worker-1 | hosts external/internet',
      'hosts worker-2 | hosts external/internet',
    ]);
  });

  it('hit nothing where one of them is empty', () => {
    const { hits, effects, rules } = inject({
      from: 'shop/frontend',
      to: { pods: { namespace: 'nowhere' } },
    });
    expect([hits, effects, rules]).to.deep.equal([[], [], []]);
  });

  it('are named in the journal, once each', () => {
    const { hits } = inject({ from: 'shop/backend#1', to: { component: 'apiserver' } });
    expect(hits).to.deep.equal(['pod shop/backend#1', 'component apiserver on control-plane']);
    expect(inject({ from: 'node/worker-1' }).hits).to.deep.equal(['node worker-1']);
  });

  it('cannot be a process, but towards the API server', () => {
    const made = cluster();
    const kubelet = { name: 'kubelet', node: 'worker-1', actor: 'kubelet@worker-1' };
    Object.assign(made, { components: [kubelet] });
    const from = { component: 'kubelet', node: 'worker-1' };
    expect(() => inject({ from, to: 'shop/backend' }, made)).to.throw(
      UnknownTargetError,
      'name the node',
    );
    const { hits, rules } = inject({ from, to: { component: 'apiserver' } }, made);
    expect(hits[0]).to.equal('component kubelet@worker-1');
    expect(rules[0]!.from).to.deep.equal({ is: 'clients', actors: new Set(['kubelet@worker-1']) });
  });

  it('cannot be a port that the Service does not have', () => {
    expect(() => inject({ to: { service: 'shop/cart', port: 81 } })).to.throw(
      UnknownTargetError,
      'Service shop/cart has no port 81: it has 80, 443',
    );
  });

  it('cannot be a pod that has no network of its own', () => {
    const made = cluster();
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'agent', namespace: 'shop' } };
    made.put({ ...pod, spec: { hostNetwork: true, nodeName: 'worker-1' } });
    expect(() => inject({ from: 'shop/agent' }, made)).to.throw(UnknownTargetError, 'the node');
  });
});

describe('what a cut says', () => {
  it('is silence in both directions that spares nothing, unless it says otherwise', () => {
    const [plain] = inject({ from: 'shop/frontend', to: 'shop/backend' }).rules;
    expect(plain).to.include({ direction: 'both', mode: 'drop', established: 'break' });
    const more = { mode: 'reset', direction: 'to', established: 'keep', ports: [80] };
    const [rule] = inject({ from: 'shop/frontend', protocol: 'udp', ...more }).rules;
    expect(rule).to.deep.include({ ...more, protocol: 'UDP', token: 'cut' });
  });

  it('takes no key of a side that says nothing there', () => {
    const stray = (args: object) => cut.check!(args).map(({ path }) => path);
    expect(stray({ from: { pods: {}, port: 80 } })).to.deep.equal(['/from/port']);
    expect(stray({ to: { zone: 'a', node: 'worker-1' } })).to.deep.equal(['/to/node']);
    const service = { service: 'shop/cart', port: 80, pick: 1, members: 'frozen' };
    const expected = ['/between/1/pick', '/between/1/members'];
    expect(stray({ between: ['shop/web', service] })).to.deep.equal(expected);
    const fine = { component: 'kubelet', node: 'worker-1', pick: 'one', members: 'frozen' };
    expect(stray({ from: fine, to: { component: 'apiserver' } })).to.deep.equal([]);
  });

  it('has to say between whom', () => {
    expect(problems({ mode: 'drop' })).to.deep.equal(['']);
    expect(problems({ from: 'a', between: ['a', 'b'] })).to.deep.equal(['/between']);
    expect(problems({ direction: 'to', between: ['a', 'b'] })).to.deep.equal(['/direction']);
    expect(problems({ direction: 'both', between: ['a', 'b'] })).to.deep.equal([]);
  });

  it('is taken back by its own token', () => {
    const { effects, made } = inject({ from: 'shop/frontend' });
    expect(effects).to.deep.equal(['cut cut']);
    cut.undo(made, 'cut cut');
    expect(made.handles.cutsOf('cut')).to.deep.equal([]);
  });
});

describe('a cut that goes on', () => {
  const held: ReadonlySet<string> = new Set(['cut cut']);

  function withAnotherPod(args: object): string[] {
    const { made } = inject(args);
    made.addPod('shop/backend-d', '10.244.1.99', 'worker-1', 'Deployment shop/backend');
    cut.extend!(made, args, CONTEXT, held);
    return made.handles.cutsOf('cut').map(({ from }) => sideText(from));
  }

  it('picks among the processes of a component too, by seed and step', () => {
    const picks = (component: string, pick: unknown) => {
      const { rules } = inject({ from: { component, pick }, to: { component: 'apiserver' } });
      return sideText(rules[0]!.from);
    };
    expect(picks('kube-proxy', 'oldest')).to.equal('clients kube-proxy@worker-1');
    expect(picks('kube-proxy', 'newest')).to.equal('clients kube-proxy@worker-2');
    expect(picks('kube-proxy', 1)).to.match(/^clients kube-proxy@worker-[12]$/);
  });

  it('hits pods that come to match', () => {
    for (const from of ['shop/backend', { pods: { labels: { app: 'backend' } } }]) {
      expect(withAnotherPod({ from })[0]).to.contain('shop/backend-d');
    }
  });

  it('keeps to its members where they are frozen, picked or named', () => {
    const pods = { labels: { app: 'backend' } };
    for (const from of ['shop/backend#1', { pods, members: 'frozen' }, { pods, pick: 2 }]) {
      const { rules } = inject({ from });
      expect(withAnotherPod({ from })).to.deep.equal(rules.map((rule) => sideText(rule.from)));
    }
  });

  it('keeps the frozen side while the other one grows', () => {
    const pods = { labels: { app: 'backend' } };
    const args = { from: { pods, pick: 1 }, to: { pods } };
    const [first] = withAnotherPod(args);
    expect(first).to.equal(sideText(inject(args).rules[0]!.from));
  });
});
