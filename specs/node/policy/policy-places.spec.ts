// Goal: a denial points to the line of the manifest that the node enforces, also where a policy
// was applied twice, patched, or never stood in a manifest.

import { expect } from 'chai';
import { buildCluster } from '../../../src/chai/plugin';
import { runInline } from '../../cli/inline';
import { SHOP } from '../../chai/shop';

const CLOSED = `
# A comment, so that the object does not begin on the first line.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: backend, namespace: shop}
spec:
  podSelector: {matchLabels: {app: backend}}
  ingress:
    - from: [{podSelector: {matchLabels: {app: nobody}}}]
    - from: [{podSelector: {matchLabels: {app: client}}}]
      ports: [{port: 9090}]
`;

const CLIENT = { pod: 'shop/client' } as const;

/** Why the first path of a packet to the backend Service ended. */
function reasonIn({ cluster }: ReturnType<typeof buildCluster>): string {
  const service = cluster.api.store.get('Service', 'shop/backend')!;
  const { clusterIP } = service.spec as { clusterIP: never };
  const to = { address: clusterIP, port: 80, protocol: 'TCP' } as const;
  return cluster.send(CLIENT, to)[0]!.reason;
}

/** The line of the n-th text that contains `mark`, as buildCluster numbers them. */
function lineOf(text: string, mark: string): number {
  return text.slice(0, text.indexOf(mark)).split('\n').length;
}

describe('the place of a policy', () => {
  const policy = CLOSED.replace('app: client', 'app: frontend');
  const reason = reasonIn(buildCluster({ manifests: [policy, SHOP], cni: 'calico' }));

  it('is the line where its object begins, and the line of the nearest rule', () => {
    const place = /^NetworkPolicy\/shop\/backend \(cluster-in-code\.yaml:(\d+):1\) isolates/;
    const object = Number(place.exec(reason)?.[1]);
    const rule = /\(spec\.ingress\[0\] at cluster-in-code\.yaml:(\d+):7 opens that port/;
    const first = Number(rule.exec(reason)?.[1]);
    const [begin, item] = ['apiVersion', '- from'].map((mark) => lineOf(policy.trim(), mark));
    expect(first - object).to.equal(item! - begin!);
    expect(object).to.be.greaterThan(1);
  });

  it('is told as changed where the object was patched after its manifest', () => {
    const drill = buildCluster({ manifests: [policy, SHOP], cni: 'calico' });
    drill.cluster.handles.patch('NetworkPolicy', 'shop/backend', { spec: { ingress: [] } });
    drill.runUntil('10s');
    const changed = reasonIn(drill);
    expect(changed).to.match(/backend \(cluster-in-code\.yaml:\d+:1, changed since\) isolates/);
    expect(changed).to.contain('(there is no rule)');
  });

  it('is left out where no manifest has the policy', () => {
    const drill = buildCluster({ manifests: [SHOP], cni: 'calico' });
    drill.cluster.handles.apply([
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'nobody', namespace: 'shop' },
        spec: { podSelector: {} },
      },
    ]);
    drill.runUntil('10s');
    expect(reasonIn(drill)).to.match(/^NetworkPolicy\/shop\/nobody isolates shop\/backend#/);
  });
});

const SCENARIO = `scenario: a policy is applied, and applied again
cluster: {nodes: 1, cni: calico}
manifests: [shop.yaml]
timeline:
  - {at: 1s, do: {apply: first.yaml}}
  - {at: 60s, do: {apply: second.yaml}}
expect:
  - {at: 59s, reach: {from: shop/client, to: "backend:80", outcome: timeout}}
`;

const SECOND = CLOSED.replace('port: 9090', 'port: 9191').replace('# A comment', '\n# Two\n# A');

describe('the place of a policy in a trace', () => {
  const files = {
    'a.yaml': SCENARIO,
    'shop.yaml': SHOP,
    'first.yaml': CLOSED,
    'second.yaml': SECOND,
  };

  it('points into the file that was applied last', async () => {
    const at = async (instant: string) => {
      const flow = ['--from', 'shop/client', '--to', 'backend:80'];
      return (await runInline(files, ['trace', '@/a.yaml', ...flow, '--at', instant])).out;
    };
    const begin = (text: string) => lineOf(text, 'apiVersion');
    expect(await at('50s')).to.contain(`(first.yaml:${begin(CLOSED)}:1) isolates`);
    expect(await at('100s')).to.contain(`(second.yaml:${begin(SECOND)}:1) isolates`);
  });

  it('names the line of a rule of an administrator that denies', async () => {
    const deny = `
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: closed}
spec:
  priority: 5
  subject: {namespaces: {}}
  ingress:
    - {action: Deny, from: [{namespaces: {}}]}
`;
    const admin = SCENARIO.replaceAll('first.yaml', 'deny.yaml');
    const argv = ['--from', 'shop/client', '--to', 'backend:80', '--at', '50s'];
    const given = { ...files, 'a.yaml': admin, 'deny.yaml': deny };
    const { out } = await runInline(given, ['trace', '@/a.yaml', ...argv]);
    expect(out).to.contain('denies it by spec.ingress[0] (deny.yaml:9:7): deny all pods');
  });
});
