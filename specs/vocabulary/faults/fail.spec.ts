// Goal: `fail` says exactly one thing about whom it can be said of, hits what its target means by
// the handle that fits, and takes back what its own step did and nothing else.

import { expect } from 'chai';
import fail from '../../../src/vocabulary/faults/fail';
import { loadScenarios } from '../../../src/language/load';
import { lexicon } from '../../../src/vocabulary/lexicon';
import { shop } from '../../runner/fake-cluster';
import type { FakeCluster } from '../../runner/fake-cluster';

const ONCE = { step: 'lie', recovers: true };

function inject(args: object, cluster: FakeCluster = shop()) {
  const injection = fail.inject(cluster, args, ONCE);
  return { ...injection, calls: cluster.calls };
}

/** The diagnostics of a scenario with this step in its third line: code, line:column, message. */
function report(step: string): string {
  const text = `scenario: x\ntimeline:\n  - {at: 10s, fail: ${step}}\nexpect: []\n`;
  const files = {
    read: () => ({ is: 'text' as const, text }),
    expand: (path: string) => [path],
  };
  const { diagnostics } = loadScenarios(['step.yaml'], lexicon, files);
  return diagnostics
    .map(({ code, range, message, hint = '' }) => {
      const { line, column } = range;
      return `${code} ${line}:${column} ${message} ${hint}`;
    })
    .join('\n');
}

const problems = (args: object) => fail.check!(args as never).map(({ path }) => path);
const messages = (args: object) => fail.check!(args as never).map(({ message }) => message);

describe('fail, of DNS servers', () => {
  it('means every pod of CoreDNS, with the share as an exact fraction', () => {
    const { calls } = inject({ pod: 'shop/backend', dns: 'SERVFAIL', odds: '12.5%' });
    const [handle, token, servers, failure] = calls[0]!;
    expect([handle, token]).to.deep.equal(['failDns', 'lie']);
    expect(servers).to.have.length(3);
    expect(failure).to.deep.equal({
      names: [],
      behindCache: false,
      answer: { kind: 'code', rcode: 'SERVFAIL' },
      odds: { numerator: 1, denominator: 8 },
      pattern: [],
    });
  });

  it('reads each kind of answer', () => {
    const answer = (dns: unknown) =>
      (inject({ pod: 'shop/backend', dns }).calls[0]![3] as { answer: unknown }).answer;
    expect(answer('timeout')).to.deep.equal({ kind: 'silence' });
    expect(answer('truncate')).to.deep.equal({ kind: 'truncation' });
    expect(answer({ A: 'random' })).to.deep.equal({ kind: 'addresses', A: 'random' });
    expect(answer({ A: '1.2.3.4', AAAA: 'fd00::1' })).to.deep.equal({
      kind: 'addresses',
      A: '1.2.3.4',
      AAAA: 'fd00::1',
    });
  });

  it('reads a pattern as what happens to each question', () => {
    const { calls } = inject({ pod: 'shop/backend', dns: 'REFUSED', pattern: [1, 0, 0] });
    expect(calls[0]![3]).to.deep.include({ pattern: [true, false, false] });
  });

  it('mends one server by its own token', () => {
    const cluster = shop();
    const { effects } = inject({ pod: 'shop/backend#1', dns: 'SERVFAIL' }, cluster);
    expect(effects).to.deep.equal(['dns shop/backend-a lie']);
    fail.undo(cluster, effects[0]!);
    expect(cluster.calls.at(-1)).to.deep.equal(['mendDns', 'lie', 'shop/backend-a']);
  });
});

describe('fail, of pods and nodes', () => {
  it('says what each way does to a pod', () => {
    const failure = (args: object) => inject({ pod: 'shop/backend#1', ...args }).calls[0]!.slice(1);
    const hit = ['shop/backend-a', 'lie'];
    expect(failure({ probe: 'fail', probes: ['liveness'] })).to.deep.equal([
      ...hit,
      { probes: ['liveness'] },
    ]);
    expect(failure({ probe: 'fail' })).to.deep.equal([
      ...hit,
      { probes: ['startup', 'liveness', 'readiness'] },
    ]);
    expect(failure({ http: 503 })).to.deep.equal([...hit, { http: 503 }]);
    expect(failure({ ready: false })).to.deep.equal([...hit, { unready: true }]);
    expect(failure({ refuse: true })).to.deep.equal([...hit, { refuses: 'all' }]);
    expect(failure({ refuse: true, ports: [80] })).to.deep.equal([...hit, { refuses: [80] }]);
  });

  it('hits pods that have come to match, once', () => {
    const cluster = shop();
    const args = { pod: 'shop/backend', http: 503 };
    const held = new Set(['http shop/backend-a lie', 'http shop/backend-b lie']);
    const { hits } = fail.extend!(cluster, args, ONCE, held);
    expect(hits).to.deep.equal(['pod shop/backend#3']);
    const frozen = { pods: { namespace: 'shop' }, members: 'frozen', http: 503 };
    expect(fail.extend!(cluster, frozen as never, ONCE, new Set()).hits).to.deep.equal([]);
  });

  it('makes a kubelet report its node', () => {
    const { calls, hits, effects } = inject({ node: 'worker-2', condition: 'Ready=False' });
    expect(calls).to.deep.equal([['failNode', 'worker-2', 'unready', 'lie']]);
    expect(hits).to.deep.equal(['node worker-2']);
    expect(effects).to.deep.equal(['condition worker-2 lie']);
  });

  it('makes it report a pressure, and takes back that one', () => {
    const cluster = shop();
    const args = { node: 'worker-2', condition: 'DiskPressure=True' };
    const { calls, effects } = inject(args, cluster);
    expect(calls).to.deep.equal([['failNode', 'worker-2', 'DiskPressure', 'lie']]);
    expect(effects).to.deep.equal(['condition worker-2/DiskPressure lie']);
    fail.undo(cluster, effects[0]!);
    expect(cluster.calls.at(-1)).to.deep.equal(['mendNode', 'worker-2', 'DiskPressure', 'lie']);
  });

  it('hits nothing where there is nothing', () => {
    expect(inject({ node: 'worker-9', condition: 'Ready=False' }).hits).to.deep.equal([]);
    expect(inject({ pod: 'shop/nobody', http: 503 }).hits).to.deep.equal([]);
  });
});

describe('fail, wrongly said', () => {
  it('is said of whom it can be said of', () => {
    expect(messages({ node: 'worker-1', dns: 'SERVFAIL' })).to.deep.equal([
      '`dns` is said of component coredns, pod, pods, upstream',
    ]);
    expect(problems({ component: 'kubelet', restore: 'fail' })).to.deep.equal(['/component']);
    expect(problems({ condition: 'Ready=False' })).to.deep.equal(['']);
    expect(problems({ pod: 'a', pods: {}, http: 503 })).to.deep.equal(['/pods']);
  });

  it('has only the words that go with its way', () => {
    expect(problems({ pod: 'a', http: 503, names: ['x'] })).to.deep.equal(['/names']);
    expect(problems({ pod: 'a', ready: false, odds: '5%' })).to.deep.equal(['/odds']);
    expect(problems({ component: 'apiserver', api: 500, ports: [1] })).to.deep.equal(['/ports']);
    expect(
      problems({ component: 'coredns', dns: 'REFUSED', odds: '5%', pattern: [1] }),
    ).to.deep.equal(['/pattern']);
  });

  it('says nothing that cannot be', () => {
    expect(problems({ component: 'coredns', dns: 'timeout', behindCache: true })).to.deep.equal([
      '/behindCache',
    ]);
    expect(problems({ upstream: 'node', dns: 'REFUSED', behindCache: true })).to.deep.equal([
      '/behindCache',
    ]);
    expect(problems({ component: 'coredns', dns: { A: '1.2.3.400' } })).to.deep.equal(['/dns/A']);
    expect(problems({ component: 'coredns', dns: { AAAA: '1.2.3.4' } })).to.deep.equal([
      '/dns/AAAA',
    ]);
  });

  it('knows kinds and clients, and what they were meant to be', () => {
    const api = { component: 'apiserver', api: 500 };
    expect(messages({ ...api, kinds: ['EndpointSlcie'] })).to.deep.equal([
      'there is no kind "EndpointSlcie": did you mean "EndpointSlice"?',
    ]);
    expect(messages({ ...api, clients: ['kubelte'] })).to.deep.equal([
      'there is no client "kubelte": did you mean "kubelet"?',
    ]);
    expect(problems({ ...api, kinds: ['Pod', 'Lease'] })).to.deep.equal(['/kinds/1']);
  });

  it('is reported at its own place', () => {
    expect(report('{component: coredns, dns: SERVFIAL}')).to.match(
      /KD1105 3:47 .* did you mean "SERVFAIL"/,
    );
    expect(report('{component: coredns, dns: SERVFAIL, http: 503}')).to.include('KD1111 3:57');
    expect(report('{component: coredns}')).to.match(/KD1\d+ 3:\d+/);
    expect(report('{component: coredns, dsn: SERVFAIL}')).to.match(/did you mean "dns"/);
    expect(report('{node: worker-1, dns: SERVFAIL}')).to.match(/3:28 .*is said of/);
  });
});
