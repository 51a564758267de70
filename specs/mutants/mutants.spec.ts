// Goal: the scenario library notices when the model is wrong. Each mutant breaks one behaviour;
// the scenario that is named beside it passes with the right model and fails with the wrong one,
// by the expectation that says so. Nothing of a mutant outlives its run.

import { expect } from 'chai';

import { createCluster, loadScenarios } from '../../src/index';
import type { Outcome, Plan, RunResult } from '../../src/index';
import { run } from '../../src/runner/run';
import { MUTANTS } from './mutants';
import { replace, together } from './replace';

const plans = new Map<string, readonly Plan[]>();
const greens = new Map<string, readonly RunResult[]>();

function plansOf(file: string): readonly Plan[] {
  const known = plans.get(file);
  if (known !== undefined) return known;
  const loaded = loadScenarios([file]);
  const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ message }) => message)).to.deep.equal([]);
  plans.set(file, loaded.plans);
  return loaded.plans;
}

function runAll(file: string): RunResult[] {
  return plansOf(file).map((plan) => run(plan, { seed: 1, createCluster, trace: false }));
}

/** The results with the right model, made once for each file. */
function greenOf(file: string): readonly RunResult[] {
  const results = greens.get(file) ?? runAll(file);
  greens.set(file, results);
  return results;
}

function failuresIn(results: readonly RunResult[]): Outcome[] {
  return results.flatMap(({ outcomes }) => outcomes.filter(({ status }) => status !== 'passed'));
}

describe('a wrong model is found out', () => {
  for (const { name, sentence, scenario, expectation, breaks } of MUTANTS) {
    it(`${name}: ${sentence}`, () => {
      const right = failuresIn(greenOf(scenario));
      expect(right.map(({ title, actual }) => `${title}: ${actual}`)).to.deep.equal([]);
      const undo = breaks();
      let wrong: Outcome[];
      try {
        wrong = failuresIn(runAll(scenario));
      } finally {
        undo();
      }
      const failed = wrong.filter(({ status }) => status === 'failed').map(({ title }) => title);
      const found = failed.some((title) => title.includes(expectation));
      expect(
        found,
        `${scenario} fails by "${expectation}"; it fails by ${failed.join('; ')}`,
      ).to.equal(true);
    });
  }

  it('leaves the model as it was', () => {
    for (const [file, results] of greens) {
      const digests = results.map(({ digest }) => digest);
      expect(
        runAll(file).map(({ digest }) => digest),
        file,
      ).to.deep.equal(digests);
    }
  });

  it('names every mutant once', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });
});

describe('a function that is replaced', () => {
  class Base {
    greet(): string {
      return 'right';
    }
  }

  class Derived extends Base {}

  it('is put back, where it stood', () => {
    const undo = replace(Derived.prototype, 'greet', () => () => 'wrong');
    expect([new Base().greet(), new Derived().greet()]).to.deep.equal(['right', 'wrong']);
    undo();
    expect(new Derived().greet()).to.equal('right');
    expect(Object.hasOwn(Derived.prototype, 'greet')).to.equal(false);
  });

  it('is put back in the reverse order', () => {
    const replaced = (text: string) => replace(Base.prototype, 'greet', () => () => text);
    const undo = together(replaced('first'), replaced('second'));
    expect(new Base().greet()).to.equal('second');
    undo();
    expect(new Base().greet()).to.equal('right');
  });

  it('must be there', () => {
    expect(() => replace(Base.prototype, 'leave', (it) => it)).to.throw('no function leave');
  });
});
