// Goal: `kubedrill show` prints what a node holds at an instant, in the words of its own tools.

import { expect } from 'chai';
import { runInline, scenario } from './inline';

const shop = scenario('shop', '{at: 5s, reach: {from: client, to: 10.96.0.20:80, opened: 2s}}');

async function show(...args: readonly string[]) {
  return runInline({ 'a.yaml': shop }, ['show', ...args, '@/a.yaml']);
}

describe('kubedrill show', () => {
  it('prints rules that iptables-restore loads, those of the CNI included', async () => {
    const { code, out } = await show('rules', '--node', 'worker-1');
    expect(code).to.equal(0);
    expect(out)
      .to.match(/^\*filter$/m)
      .and.to.match(/^COMMIT$/m);
    expect(out).to.contain('-A KUBE-SERVICES -d 10.96.0.20/32').and.to.contain('FLANNEL-POSTRTG');
    expect(out.match(/^\*nat$/gm)).to.have.length(1);
  });

  it('prints the rules of both back ends of iptables, each as its own tool does', async () => {
    const image =
      'timeline:\n  - {at: 1s, do: {restart: {component: kube-proxy}, iptablesBackend: ';
    const rules = (backend: string, at: string) => {
      const text = shop.replace('expect:', `${image}${backend}}}\nexpect:`);
      const argv = ['show', 'rules', '--node', 'worker-1', '--at', at, '@/a.yaml'];
      return runInline({ 'a.yaml': text }, argv);
    };
    const [nft, legacy] = (await rules('legacy', '20s')).out.split('# iptables-legacy-save\n');
    expect(nft).to.match(/^# iptables-save\n\*filter\n/);
    expect(nft).to.contain('-A KUBE-SERVICES -d 10.96.0.20/32').and.to.contain('FLANNEL-POSTRTG');
    expect(legacy).to.match(/^\*filter\n/);
    expect(legacy).to.contain('-A KUBE-SERVICES -d 10.96.0.20/32').and.not.contain('FLANNEL');
    expect((await rules('nft', '20s')).out).to.not.contain('-save');
  });

  it('prints connections as they stand at that instant', async () => {
    const before = await show('conntrack', '--node', 'worker-1', '--at', '1s');
    expect(before.out).to.equal(
      'conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.\n',
    );
    const nodes = await Promise.all(
      ['worker-1', 'worker-2', 'worker-3'].map((node) => {
        return show('conntrack', '--node', node, '--at', '4s');
      }),
    );
    const lines = nodes.flatMap(({ out }) => out.split('\n')).filter((it) => it.startsWith('tcp'));
    expect(lines.some((it) => / 86398 ESTABLISHED src=\S+ dst=10\.96\.0\.20 /.test(it))).to.equal(
      true,
    );
  });

  it('prints routes as ip route does', async () => {
    const { out } = await show('routes', '--node', 'worker-2');
    expect(out).to.contain('default via 192.168.1.1 dev eth0\n');
    expect(out).to.contain('10.244.1.0/24 via 10.244.1.0 dev flannel.1 onlink\n');
    expect(out).to.contain('192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.12\n');
  });

  it('prints slices as kubectl does', async () => {
    const { out } = await show('endpoints', '--node', 'worker-1');
    expect(out).to.match(/^NAMESPACE +NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE$/m);
    expect(out).to.match(/^default +kubernetes +IPv4 +6443 +192\.168\.1\.10 +10m$/m);
    expect(out).to.match(/^default +web-\w{5} +IPv4 +8080 +10\.244\.\S+ +10m$/m);
  });

  it('prints the resolver file of each pod', async () => {
    const nodes = await Promise.all(
      ['worker-1', 'worker-2', 'worker-3'].map((node) => show('dns', '--node', node)),
    );
    const all = nodes.map(({ out }) => out).join('');
    expect(all).to.contain(
      '# default/client\nsearch default.svc.cluster.local svc.cluster.local cluster.local\n' +
        'nameserver 10.96.0.10\noptions ndots:5\n',
    );
  });

  it('needs no node where there is one, and tells of one without power', async () => {
    const single = shop.replace('nodes: 2', 'nodes: 1');
    const one = await runInline({ 'a.yaml': single }, ['show', 'routes', '@/a.yaml']);
    expect(one.out).to.contain('default via 192.168.1.1 dev eth0\n');
    const loss = 'timeline:\n  - {at: 1s, kill: {node: worker-1, how: power}}\nexpect:';
    const dark = { 'a.yaml': shop.replace('expect:', loss) };
    const argv = ['show', 'routes', '--node', 'worker-1', '--at', '2s', '@/a.yaml'];
    expect((await runInline(dark, argv)).err).to.contain('worker-1 has no power at that instant');
    expect((await show('routes', '--node', 'node/worker-1', '--at', '2s')).err).to.equal('');
  });

  // staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go HumanDuration
  const AGES = {
    '30s': '10m',
    '50m': '60m',
    '2h51m': '3h1m',
    '2h50m': '3h',
    '8h': '8h',
    '50h': '2d',
  };
  for (const [at, age] of Object.entries(AGES)) {
    it(`tells the age ${age} of a slice from the settled start at ${at}`, async () => {
      const { out } = await show('endpoints', '--node', 'worker-1', '--at', at);
      expect(/^default +kubernetes .* (\S+)$/m.exec(out)?.[1]).to.equal(age);
    });
  }

  it('tells three endpoints of a slice and counts the rest', async () => {
    const many = shop.replace('replicas: 2', 'replicas: 5');
    const argv = ['show', 'endpoints', '--node', 'worker-1', '@/a.yaml'];
    const { out } = await runInline({ 'a.yaml': many }, argv);
    expect(out).to.match(/^default +web-\w{5} +IPv4 +8080 +\S+,\S+,\S+ \+ 2 more\.\.\. +10m$/m);
    const none = await runInline({ 'a.yaml': shop.replace('replicas: 2', 'replicas: 0') }, argv);
    expect(none.out).to.match(/^default +web-\w{5} +IPv4 +<unset> +<unset> +10m$/m);
  });

  it('refuses what it cannot show', async () => {
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['rulez', '--node', 'worker-1'], /did you mean rules\?/],
      [[], /a\.yaml cannot be shown/],
      [['rules', '@/b.yaml'], /show takes one scenario file/],
      [['rules'], /--node is missing; the nodes are worker-1/],
      [['rules', '--node', 'worker-9'], /there is no node worker-9/],
      [['rules', '--node', 'worker-1', '--at', 'soon'], /--at soon/],
      [['rules', '--node', 'worker-1', '--row', 'a=b'], /has such a row/],
    ];
    for (const [args, message] of wrong) {
      const { code, err } = await show(...args);
      expect(err).to.match(message);
      expect(code).to.equal(2);
    }
  });
});
