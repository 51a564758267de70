// Goal: docs/json-report.md tells of every field of the JSON report, and of none that is not there.

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { createCluster } from '../../src/cluster/create-cluster';
import { loadPlans } from '../../src/mocha/load-plans';
import { run } from '../../src/runner/run';

const PAGE = readFileSync('docs/json-report.md', 'utf8');

/** The fields that the table below a heading has in its first column. */
function documented(heading: string): string[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]!.split('\n## ')[0]!;
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.flatMap((row) => {
    const [, cell = ''] = row.split('|');
    return [...cell.matchAll(/`([a-z]+)`/g)].map(([, name]) => name!);
  });
}

function fieldsOf(objects: readonly object[]): string[] {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))].sort();
}

describe('the page about the JSON report', () => {
  const [plan] = loadPlans(['docs/first-failure.yaml']).plans;
  const result = run(plan!, { seed: 1, createCluster, explain: 'everything' });
  const { outcomes } = result;
  const links = outcomes.flatMap(({ chain }) => chain);

  it('has the fields of a run', () => {
    expect(documented('A run').sort()).to.deep.equal(fieldsOf([result]));
  });

  it('has the fields of an outcome', () => {
    const all = new Set([...fieldsOf(outcomes), 'code']);
    expect(documented('An outcome').sort()).to.deep.equal([...all].sort());
  });

  it('has the fields of a link and of its timer', () => {
    expect(links).to.not.equal([]);
    expect(documented('The chain of causes').sort()).to.deep.equal(fieldsOf(links));
    const timers = links.flatMap(({ timer }) => timer ?? []);
    for (const field of fieldsOf(timers)) expect(PAGE).to.contain(`\`${field}\``);
  });
});
