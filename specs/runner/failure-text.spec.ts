// Goal: a failure reads as language.md shows it. The goldens beside this file are the texts; run
// with UPDATE_GOLDEN=1 to write them anew.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { failureText } from '../../src/runner/failure-text';
import type { Outcome } from '../../src/runner/result';
import type { Trace } from '../../src/values/trace';
import { walk } from './fake-cluster';
import { range, t } from './plans';

const TRACE: Trace = {
  ...walk('refused-by-listener', { by: ['shop/backend-b', '10.244.2.7'] }),
  sender: 'shop/frontend#1',
  hops: [
    hop('worker-1', [
      step('nat/PREROUTING', 'DNAT', 'to 10.244.2.7:8080   KUBE-SVC-3XZ shop/backend:http, 1 of 3'),
      step('route', 'forward', 'via worker-2 (vxlan)'),
    ]),
    hop('worker-2', [
      step('pod', 'RST', 'nothing listens on 8080, its container exited (137) at t=10s'),
    ]),
  ],
};

const OUTCOME: Outcome = {
  title: 'shop/frontend reaches backend:80 within 2s of "crash"',
  claim: 'reach',
  operator: 'after',
  status: 'failed',
  expected: 'ok by t=12s, and from then on',
  actual: 'refused until t=12.6s for 1 of 3 possible backends',
  at: t(12),
  traces: [TRACE, TRACE],
  why: [
    'EndpointSlice shop/backend-x7k dropped it at t=11.7s (the kubelet saw the exit at t=11.6s), ' +
      'but kube-proxy@worker-1 synced only at t=12.6s (kube-proxy.minSyncPeriod, 1s)',
    'shop/backend#2 exited with 137',
  ],
  chain: [],
  range: range(31),
  repeat: 'npx kubedrill run scenarios/failover.yaml:31 --seed 1',
};

const ERROR: Outcome = {
  ...OUTCOME,
  title: 'shop/frontend never reaches databse:5432',
  status: 'error',
  code: 'vacuous',
  expected: 'never ok, on any possible path',
  actual: 'nothing to judge: databse is NXDOMAIN',
  traces: [],
  why: [],
};

function hop(node: string, steps: Trace['hops'][number]['steps']) {
  const { hops } = walk('answered');
  return { ...hops[0]!, node, steps };
}

function step(place: string, action: string, detail: string) {
  return { place, action, detail };
}

function expectGolden(name: string, text: string): void {
  const path = `specs/runner/${name}`;
  if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(path)) writeFileSync(path, `${text}\n`);
  expect(`${text}\n`).to.equal(readFileSync(path, 'utf8'));
}

describe('the failure text', () => {
  it('says what was expected, what happened, the hops, why, and how to repeat it', () => {
    expectGolden('failure.golden.txt', failureText(OUTCOME));
  });

  it('wraps at the width that it is given, and never inside of a word', () => {
    expectGolden('failure-narrow.golden.txt', failureText(OUTCOME, 72));
    const lines = failureText(OUTCOME, 72).split('\n');
    const long = lines.filter((line) => line.length > 72 && !line.includes('repeat'));
    expect(long).to.deep.equal([]);
  });

  it('names the kind of an error', () => {
    expectGolden('error.golden.txt', failureText(ERROR));
  });

  it('puts the place at the right edge', () => {
    for (const width of [80, 100, 140]) {
      const [head = ''] = failureText({ ...OUTCOME, title: 'short' }, width).split('\n');
      expect(head).to.match(/^✗ short +scenarios\/failover\.yaml:31:5$/);
      expect(head).to.have.length(width);
    }
  });

  it('lets no control character of a name through to the terminal', () => {
    const escape = String.fromCharCode(27);
    const text = failureText({ ...OUTCOME, title: `red ${escape}[31m\nnext line`, traces: [] });
    expect(text).to.not.include(escape);
    expect(text.split('\n')[0]).to.match(/^✗ red �\[31m next line /);
  });
});
