// Goal: `trace` follows a flow of a scenario to its end, `diff` compares two sets of manifests;
// both say by their exit code what a pipeline has to know.

import { expect } from 'chai';
import { runInline, scenario, SHOP } from './inline';

const DENY = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody, namespace: default}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}
`;

const good = scenario('good', '{at: 1s, reach: {from: client, to: web:80}}');

describe('kubedrill trace', () => {
  it('shows every way of a flow with its probability, tuples and rules', async () => {
    const argv = ['trace', '@/a.yaml', '--from', 'client', '--to', 'web:80'];
    const { code, out } = await runInline({ 'a.yaml': good }, argv);
    expect(code).to.equal(0);
    expect(out).to.contain('(way 1 of 2, probability 1/2)');
    expect(out).to.match(/nat\/PREROUTING: DNAT to 10\.244\.\d\.\d:8080/);
    expect(out).to.match(/leaves as 10\.244\.\d\.\d:40000 → 10\.244\.\d\.\d:8080/);
    expect(out).to.match(/conntrack worker-\d {2}10\.244\.\d\.\d:40000 → 10\.96\.0\.20:80, reply/);
    expect(out).to.contain('ok (answered), seen as 10.244.');
  });

  it('exits with 1 where the flow is not answered, and prints JSON for programs', async () => {
    const argv = ['trace', '@/a.yaml', '--from', 'client', '--to', 'web:81', '--json'];
    const { code, out } = await runInline({ 'a.yaml': good }, argv);
    expect(code).to.equal(1);
    expect((JSON.parse(out) as { disposition: string }[])[0]!.disposition).to.be.a('string');
  });

  it('sends large messages where it is asked to, and shows what they meet', async () => {
    const from = ['trace', '@/a.yaml', '--from', 'client', '--to'];
    const external = '{internet: {ip: 203.0.113.5, listen: [53/udp]}}';
    const cluster = `{nodes: 2, cni: aws-vpc, externals: ${external}}`;
    const files = { 'a.yaml': good.replace('{nodes: 2}', cluster) };
    const argv = [...from, '203.0.113.5:53/udp', '--size', '4000'];
    const { code, out } = await runInline(files, argv);
    expect(code).to.equal(1);
    expect(out).to.contain(
      'mtu: fragmentation needed a router tells the sender: the way takes 1500',
    );
    expect(out).to.contain('timeout (too-big)');
    const small = await runInline(files, [...argv.slice(0, -1), '1400']);
    expect(small.code).to.equal(0);
    const wrong = await runInline(files, [...argv.slice(0, -1), 'large']);
    expect(wrong.err).to.contain('--size large: bytes are wanted');
  });

  it('says so where it looks at an instant after the end of the scenario', async () => {
    const argv = ['trace', '@/a.yaml', '--from', 'client', '--to', 'web:80', '--at'];
    const late = await runInline({ 'a.yaml': good }, [...argv, '5m']);
    expect(late.code).to.equal(0);
    expect(late.err).to.equal(
      'kubedrill: t=5m is after the end of the scenario, t=1s: the cluster has gone on by itself\n',
    );
    expect((await runInline({ 'a.yaml': good }, [...argv, '1s'])).err).to.equal('');
  });

  it('refuses what names nothing', async () => {
    for (const [argv, text] of [
      [['trace', '@/a.yaml', '--to', 'web:80'], '--from is missing'],
      [['trace', '@/a.yaml', '--from', 'client'], '--to is missing'],
      [['trace', '@/a.yaml', '--from', 'clent', '--to', 'web:80'], 'clent'],
      [['trace', '@/a.yaml', '--from', 'client', '--to', 'web:80', '--at', 'soon'], '--at soon'],
      [['trace', '--from', 'client', '--to', 'web:80'], 'usage: kubedrill trace'],
      [['trace', '@/a.yaml', '--from', 'client', '--to', '???'], '--to ???'],
      [['trace', '@/a.yaml', '--from', 'nobody', '--to', 'web:80'], 'nobody'],
    ] as const) {
      const { code, err } = await runInline({ 'a.yaml': good }, argv);
      expect(err).to.contain(text);
      expect(code).to.equal(2);
    }
  });
});

describe('kubedrill diff', () => {
  const files = { 'old.yaml': SHOP, 'new.yaml': `${SHOP}---${DENY}` };

  it('lists what is lost, with the cause and the object that changed', async () => {
    const { code, out } = await runInline(files, ['diff', '@/old.yaml', '@/new.yaml']);
    expect(code).to.equal(0);
    const place = /object {5}\+ NetworkPolicy\/default\/nobody {2}(new\.yaml:\d+:1)/.exec(out)?.[1];
    expect(out).to.contain(`[NetworkPolicy/default/nobody at ${place}]`);
    expect(out).to.contain(`NetworkPolicy/default/nobody (${place}) isolates default/web#`);
    expect(out).to.contain(
      '- lost     pod/default/client → web.default:80  ok by default/web → timeout',
    );
    expect(out).to.match(/isolates default\/web#\d, and no ingress rule admits default\/client/);
    expect(out).to.contain('routes: 0 gained, 0 lost, 0 changed\n');
    expect(out).to.match(/0 gained, \d lost, \d changed, \d unchanged\n$/);
  });

  it('fails a pipeline where it is asked to', async () => {
    const gate = (now: string) => ['diff', '@/old.yaml', `@/${now}.yaml`, '--exit-code'];
    expect((await runInline(files, gate('new'))).code).to.equal(1);
    expect((await runInline(files, gate('old'))).code).to.equal(0);
  });

  it('speaks Markdown and JSON', async () => {
    const say = async (format: string) =>
      (await runInline(files, ['diff', '@/old.yaml', '@/new.yaml', '--format', format])).out;
    expect(await say('markdown')).to.contain('| lost | pod/default/client | web.default:80 |');
    const parsed = JSON.parse(await say('json')) as { changes: { kind: string }[] };
    expect(parsed.changes.some(({ kind }) => kind === 'lost')).to.equal(true);
  });

  it('fails a pipeline for a route that nobody dialled, and says so in every format', async () => {
    const moved = { ...files, 'new.yaml': SHOP.replaceAll('8080', '8181') };
    const say = async (format: string) =>
      runInline(moved, ['diff', '@/old.yaml', '@/new.yaml', '--exit-code', '--format', format]);
    const text = await say('text');
    expect(text.code).to.equal(1);
    expect(text.out).to.contain(
      '~ changed  route service/default/web 80/TCP  default/web:8080 (ClusterIP) → default/web:8181',
    );
    expect((await say('markdown')).out).to.match(/### Routes\n\n\| \| route \| before → after/);
    const { routes } = JSON.parse((await say('json')).out) as { routes: { kind: string }[] };
    expect(routes.map(({ kind }) => kind)).to.have.members(['gained', 'lost', 'changed']);
  });

  it('refuses what it cannot read', async () => {
    for (const argv of [
      ['diff', '@/old.yaml'],
      ['diff', '-', '-'],
      ['diff', '@/old.yaml', '@/none.yaml'],
      ['diff', '@/old.yaml', '@/new.yaml', '--format', 'xml'],
      ['diff', '@/old.yaml', '@/new.yaml', '--nodes', 'many'],
    ]) {
      expect((await runInline(files, argv)).code, argv.join(' ')).to.equal(2);
    }
  });
});
