// Goal: of a run under many seeds each cluster that is dropped is freed by the next collections of
// what is young: else each is copied twice and moved to the old generation, which costs a run under
// seeds a fifth of its time. Method: in a process of its own, what is left on the heap of clusters
// that were dropped, beside what as many take that are kept.

import { execFileSync } from 'node:child_process';

import { expect } from 'chai';

const CREATE_CLUSTER = require.resolve('../../src/cluster/create-cluster');
const SCENARIO = require.resolve('../../bench/scenario');

/** Prints how many bytes each cluster takes that is kept, and each that was dropped. */
const PROGRAM = `
const { createCluster } = require(${JSON.stringify(CREATE_CLUSTER)});
const { planOf, SMALL_SCENARIO } = require(${JSON.stringify(SCENARIO)});
const { cluster } = planOf(SMALL_SCENARIO);
const COUNT = 12;
function create(seed) { return createCluster(cluster, { seed }); }
function createAndDrop() { for (let seed = 0; seed < COUNT; seed++) create(seed); }
function used() { return process.memoryUsage().heapUsed; }
for (let round = 0; round < 3; round++) createAndDrop();
gc();
const before = used();
createAndDrop();
gc({ type: 'minor' });
gc({ type: 'minor' });
const dropped = used() - before;
gc();
const empty = used();
const kept = Array.from({ length: COUNT }, (_, seed) => create(seed));
gc();
console.log(JSON.stringify([(used() - empty) / kept.length, dropped / COUNT]));
`;

describe('clusters that are dropped', function () {
  this.timeout(120_000);

  it('are freed by the next young collections', () => {
    const output = execFileSync(process.execPath, ['--expose-gc', '-e', PROGRAM]);
    const [kept, dropped] = JSON.parse(String(output)) as [number, number];
    expect(kept).to.be.greaterThan(100_000);
    expect(dropped).to.be.lessThan(kept / 2);
  });
});
