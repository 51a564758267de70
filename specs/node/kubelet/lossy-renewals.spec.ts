// Goal: over a line that loses packets a node stays Ready as long as one renewal in its grace gets
// through: a segment is sent again after 200 ms, 400 ms, … (Linux net/ipv4/tcp_timer.c), a try ends
// after ten seconds and five follow each other, from the third one on over a new connection
// (component-helpers/apimachinery/lease/controller.go retryUpdateLease, cmd/kubelet/app/server.go).

import { expect } from 'chai';
import { createCluster } from '../../../src/cluster/create-cluster';
import type { Entry } from '../../../src/kernel/journal';
import { run } from '../../../src/runner/run';
import { Execution } from '../../../src/runner/execution';
import { planText } from '../../runner/plan-text';

const LINE = 'from: node/worker-1, to: {component: apiserver}';
const UNKNOWN =
  "$.objects.nodes[?(@.metadata.name == 'worker-1')].status.conditions" +
  "[?(@.type == 'Ready' && @.status == 'Unknown')]";

function planOf(fault: string) {
  return planText(
    [
      'scenario: s',
      'cluster: {nodes: 2}',
      'manifests: [scenarios/manifests/shop.yaml]',
      `timeline: [{at: 20s, id: bad, ${fault}, for: 5m}]`,
      'end: 8m',
      'expect:',
      `  - {sometimes: {inspect: {query: "${UNKNOWN}", count: 1}}}`,
      `  - {after: bad.end, by: 75s, hold: 1s, inspect: {query: "${UNKNOWN}", absent: true}}`,
    ].join('\n'),
    'lossy.yaml',
  );
}

/** Seconds until the node is Unknown, by seed; undefined where it stays Ready. */
function silences(fault: string, seeds: number): readonly (number | undefined)[] {
  return Array.from({ length: seeds }, (_, index) => {
    const { outcomes } = run(planOf(fault), { seed: index + 1, createCluster, trace: false });
    const [silent, back] = outcomes;
    expect(back!.status, `seed ${index + 1} is back`).to.equal('passed');
    return silent!.status === 'passed' ? silent!.at! / 1e6 - 20 : undefined;
  });
}

const lossy = (loss: string): string => `degrade: {${LINE}, loss: ${loss}}`;

describe('renewals over a line that loses packets', function () {
  this.timeout(120_000);

  it('keep a node Ready where a tenth is lost', () => {
    expect(silences(lossy('10%'), 8).filter((it) => it !== undefined)).to.deep.equal([]);
  });

  it('end as with a cut where nothing gets through', () => {
    expect(silences(lossy('99.999%'), 8)).to.deep.equal(silences(`cut: {${LINE}}`, 8));
  });

  it('are a matter of luck in between, and never worse than a cut', () => {
    const cut = silences(`cut: {${LINE}}`, 12);
    const found = silences(lossy('80%'), 12);
    expect(
      found.some((it) => (it ?? Infinity) > 60),
      'some live longer',
    ).to.equal(true);
    expect(
      found.some((it) => it !== undefined),
      'some do not',
    ).to.equal(true);
    found.forEach((it, seed) => expect(it ?? Infinity).to.be.at.least(cut[seed]!));
  });

  it('arrive when their segment is sent again', () => {
    const lines = journalOf(lossy('60%'), 1).filter(({ actor }) => actor === 'kubelet@worker-1');
    const renewed = lines.filter(({ action }) => action === 'renewed');
    expect(renewed.length, 'late renewals').to.be.above(3);
    expect(new Set(renewed.map(({ timer }) => timer))).to.include('client.tcpRetransmission');
  });

  it('make the kubelet close its connections when two tries have failed', () => {
    // A renewal is due at most 10.4 s after 20 s; two tries of it take 20 s.
    const lost = journalOf(lossy('99.999%'), 1).find(
      ({ actor, action }) => actor === 'kubelet@worker-1' && action === 'lost',
    );
    expect(lost!.at / 1e6).to.be.within(40, 50.4);
  });

  it('are no events on a line that is good, and none after it is good again', () => {
    const late = renewalsIn(lossy('30%'), 1);
    expect(late.length).to.be.above(0);
    for (const at of late) expect(at / 1e6).to.be.within(20, 345);
    const elsewhere = 'degrade: {from: node/worker-1, to: node/worker-2, loss: 30%}';
    expect(renewalsIn(elsewhere, 1)).to.deep.equal([]);
  });

  it('are other ones under another seed, and the same ones under the same', () => {
    const instants = (seed: number): readonly number[] => renewalsIn(lossy('50%'), seed);
    expect(instants(2)).to.deep.equal(instants(2));
    expect(instants(2)).to.not.deep.equal(instants(3));
  });
});

/** When renewals arrived that did not at once. */
function renewalsIn(fault: string, seed: number): readonly number[] {
  return journalOf(fault, seed)
    .filter(({ action }) => action === 'renewed')
    .map(({ at }) => at);
}

function journalOf(fault: string, seed: number): readonly Entry[] {
  const plan = planOf(fault);
  const execution = new Execution(plan, createCluster(plan.cluster, { seed }));
  execution.run();
  return execution.cluster.kernel.journal.all();
}
