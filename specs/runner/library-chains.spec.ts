// Goal: whatever the library of scenarios shows, the chain that tells why is whole: it starts at a
// step of the timeline, its waits follow each other without a gap and add up, each of them has a
// name that the table or a manifest knows, and the network's 5 ms are not blamed for a minute.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { runPlan } from '../../src/chai/model';
import type { Plan, PlannedExpectation } from '../../src/language/plan';
import { loadPlans } from '../../src/mocha/load-plans';
import type { ChainLink } from '../../src/runner/cause-chain';
import { DECLARED_WAITS } from '../../src/timers/declared';
import { TIMERS } from '../../src/timing';
import { ZERO } from '../../src/values/time';
import type { Instant } from '../../src/values/time';
import { isInspected } from '../../src/vocabulary/inspected-lines';
import { pathsBelow } from '../tidy/tree';

const LIBRARY = pathsBelow('scenarios').filter(
  (path) => path.endsWith('.yaml') && /^scenario:/m.test(readFileSync(path, 'utf8')),
);

/** A message of the API server takes as long as the table says, unless its client is slowed down. */
const MESSAGES = ['apiserver.watch', 'apiserver.write'];

describe('the chains of the library', function () {
  this.timeout(240_000);
  const plans = loadPlans(LIBRARY).plans.filter(takesTime);

  for (const seed of [1, 2]) {
    it(`are whole for all that came true (seed ${seed})`, () => {
      const { flaws, count } = examine(plans, seed);
      expect(flaws).to.deep.equal([]);
      expect(count, 'chains that were looked at').to.be.above(200);
    });
  }

  it('are whole for all that came too late', () => {
    const { flaws, count } = examine(plans.map(impatient), 1);
    expect(flaws).to.deep.equal([]);
    expect(count, 'chains that were looked at').to.be.above(200);
  });

  it('are whole for all that somebody denies', () => {
    const all = loadPlans(LIBRARY).plans.filter(({ timeline }) => timeline.length > 0);
    const { flaws, count } = examine(firstRows(all).map(contrary), 1);
    expect(flaws).to.deep.equal([]);
    expect(count, 'chains that were looked at').to.be.above(250);
  });
});

describe('the chain of causes names', () => {
  it('the reboot of a node for what its pods and its rules do after it', () => {
    for (const chain of chainsOf('scenarios/lifecycle/node-reboot.yaml')) {
      expect(sayRoot(chain)).to.equal('step/reboot started');
      expect(chain.map(({ action }) => action)).to.include('booted');
      expect(longest(chain).timer?.name).to.equal('kubelet.nodeStart');
    }
  });

  it('the end of the cut, and who tried how long, where a node comes back', () => {
    const chain = chainsOf('scenarios/faults/node-partition-heal-at-60s.yaml').at(-1)!;
    expect(sayRoot(chain)).to.equal('step/cut recovered');
    expect(longest(chain).timer?.name).to.match(/^(client|kubelet)\./);
  });

  it('the end of an outage of the API server, and the back-off of the client after it', () => {
    const file = 'scenarios/faults/kube-proxy-restart-before-sync-udp-conntrack.yaml';
    const chain = chainsOf(file).at(-1)!;
    expect(sayRoot(chain)).to.equal('step/outage recovered');
    const next = chain.findIndex(({ subject }) => subject === 'apiserver') + 1;
    expect(next, 'the kubelet restarts the API server').to.be.above(0);
    expect(chain[next]).to.include({ actor: 'kube-proxy@worker-2', action: 'relisted' });
    expect(longest(chain).timer?.name).to.equal('client.reflectorBackoff');
  });

  it('the fault that holds up a watch or a line, not the 5 ms of the watch', () => {
    const late = (file: string) => chainsOf(file).map((chain) => longest(chain).timer?.name);
    expect(late('scenarios/faults/stale-kube-proxy.yaml')).to.include('stale.hold');
    expect(late('scenarios/faults/slow-line-to-the-api-server.yaml')).to.include('degrade.delay');
  });

  it('the pace of evictions where a node waits for the one before it', () => {
    const file = 'scenarios/lifecycle/node-power-two-nodes-eviction-10s-apart.yaml';
    const timers = chainsOf(file).flatMap((chain) => chain.map(({ timer }) => timer?.name));
    expect(timers).to.include('controller-manager.nodelifecycle.evictionInterval');
  });

  it('the cut and the doubt where speakers part, its end and the call where they meet again', () => {
    const chains = chainsOf('scenarios/faults/metallb-split-brain.yaml');
    const told = chains.map((chain) => `${sayRoot(chain)}: ${longest(chain).timer?.name}`);
    expect(told).to.include('step/split started: metallb.suspicionTimeout');
    expect(told).to.include('step/split recovered: metallb.rejoinInterval');
  });

  it('the node whose range came free, not the first try that found none', () => {
    const chain = chainsOf('scenarios/network/node-ranges.yaml').at(-1)!;
    expect(chain.at(-1)).to.include({ subject: 'Node/worker-4' });
    expect(chain.map(({ subject }) => subject)).to.include('Node/worker-1');
  });
});

/** Whether the scenario claims anything that has to come true first. */
function takesTime({ expectations }: Plan): boolean {
  return expectations.some(({ operator, claim }) => operator === 'after' || claim === 'converge');
}

/** The same scenario, by somebody who waits for nothing: all that takes time fails. */
function impatient(plan: Plan): Plan {
  const expectations = plan.expectations.map((it): PlannedExpectation => {
    if (it.operator !== 'after' || (it.by === undefined && it.takes === undefined)) return it;
    const { by: _by, ...rest } = it;
    return { ...rest, takes: { atLeast: ZERO, atMost: ZERO } };
  });
  return { ...plan, expectations };
}

/** The same scenario, by somebody who holds that nothing of it is the case. */
function contrary(plan: Plan): Plan {
  const expectations = plan.expectations.map((it): PlannedExpectation => {
    const { at = ZERO as number as Instant, by: _by, ...rest } = it;
    if (it.operator === 'at') return { ...rest, operator: 'never', during: { from: at, to: at } };
    if (it.operator === 'never') return { ...it, operator: 'always' };
    return ['always', 'eventually', 'sometimes'].includes(it.operator)
      ? { ...rest, operator: 'never' }
      : it;
  });
  return { ...plan, expectations };
}

/** One row of each scenario. */
function firstRows(plans: readonly Plan[]): readonly Plan[] {
  const places = plans.map(({ file, range }) => `${file}:${range.line}`);
  return plans.filter((_, index) => places.indexOf(places[index]!) === index);
}

function examine(plans: readonly Plan[], seed: number) {
  const flaws: string[] = [];
  let count = 0;
  for (const plan of plans) {
    const isSlowed = plan.timeline.some(({ verb }) => verb.name === 'slow');
    const { outcomes } = runPlan(plan, seed, 'everything');
    for (const [position, { range, title, chain }] of outcomes.entries()) {
      if (chain.length === 0) continue;
      count++;
      // What begins with an empty API server begins with its manifests.
      const isFirst = plan.cluster.start === 'cold' && chain[0]!.action === 'stored';
      const rooted = isFirst ? [] : rootFlaws(chain);
      const waits = [...flawsOf(chain), ...(isSlowed ? [] : chain.flatMap(blamedMessage))];
      const found = [...rooted, ...waits, ...elsewhere(plan.expectations[position], chain)];
      flaws.push(...found.map((flaw) => `${range.file}:${range.line} ${title}: ${flaw}`));
    }
  }
  return { flaws, count };
}

function rootFlaws(chain: readonly ChainLink[]): readonly string[] {
  return /^step\/.* (started|recovered)$/.test(sayRoot(chain)) ? [] : [`root ${sayRoot(chain)}`];
}

function flawsOf(chain: readonly ChainLink[]): readonly string[] {
  const [first] = chain;
  const flaws: string[] = [];
  if (first!.took !== 0) flaws.push('the first link has taken time');
  chain.slice(1).forEach((link, index) => {
    const { at, took, timer } = link;
    const say = `${link.actor} ${link.action} ${link.subject} (+${took} µs, ${timer?.name})`;
    if (took < 0 || chain[index]!.at + took !== at) flaws.push(`a gap before ${say}`);
    if (took > 0 && timer === undefined) flaws.push(`no timer: ${say}`);
    if (timer !== undefined && !isKnown(timer.name)) flaws.push(`unknown timer: ${say}`);
  });
  return flaws;
}

/** A query about objects is answered otherwise because one of them is stored or removed. */
function elsewhere(
  expectation: PlannedExpectation | undefined,
  chain: readonly ChainLink[],
): readonly string[] {
  const { query = '' } = (expectation?.args ?? {}) as { readonly query?: string };
  const last = chain.at(-1)!;
  if (!query.startsWith('$.objects') || isInspected(query, last)) return [];
  return [`${query} ends with ${last.actor} ${last.action} ${last.subject}`];
}

function blamedMessage({ actor, action, subject, took, timer }: ChainLink): readonly string[] {
  if (!MESSAGES.includes(timer?.name ?? '') || took <= 2 * timer!.most!) return [];
  return [`${took} µs of ${timer!.name} until ${actor} ${action} ${subject}`];
}

function isKnown(name: string): boolean {
  return Object.hasOwn(TIMERS, name) || Object.hasOwn(DECLARED_WAITS, name);
}

/** The chains of the first row of a scenario. */
function chainsOf(file: string): readonly (readonly ChainLink[])[] {
  const [plan] = loadPlans([file]).plans;
  const chains = runPlan(plan!, 1, 'everything').outcomes.map(({ chain }) => chain);
  return chains.filter(({ length }) => length > 0);
}

function sayRoot([first]: readonly ChainLink[]): string {
  return `${first!.subject} ${first!.action}`;
}

function longest(chain: readonly ChainLink[]): ChainLink {
  return chain.reduce((most, link) => (link.took > most.took ? link : most));
}
