// Goal: what the papers say is true. Method: the reference pages equal what the code would write
// now; every scenario in a paper loads without a diagnostic and runs as the paper says; every
// example of a word is a step or an expectation that the validator accepts.

import { expect } from 'chai';
import { createCluster } from '../src/cluster/create-cluster';
import { loadScenarios } from '../src/language/index';
import type { Files } from '../src/language/index';
import { run } from '../src/runner/run';
import { outdatedPages } from '../src/schema/write-reference';
import { lexicon } from '../src/vocabulary/lexicon';
import { LANGUAGE } from '../src/vocabulary/index';
import { filesBelow, readSource } from './tidy/tree';

interface Block {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Every fenced block of YAML in the papers. */
function yamlBlocks(): Block[] {
  const pages = ['README.md', 'CONTRIBUTING.md']
    .map(readSource)
    .concat(filesBelow(['docs'], '.md'));
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((match) => ({
      path,
      line: text.slice(0, match.index).split('\n').length + 1,
      text: match[1]!,
    })),
  );
}

function load(name: string, text: string) {
  const files: Files = {
    read: (path) => (path === name ? { is: 'text', text } : { is: 'missing' }),
    expand: (path) => [path],
  };
  return loadScenarios([name], lexicon, files);
}

describe('the reference', () => {
  it('is what `npm run docs` would write', () => {
    expect(outdatedPages()).to.deep.equal([]);
  });

  it('has examples that the language accepts', () => {
    const steps = [...LANGUAGE.faults.values(), ...LANGUAGE.actions.values()];
    const claims = [...LANGUAGE.claims.values(), ...LANGUAGE.operators.values()];
    const words = [
      ...steps.map((word) => ({ word, key: 'timeline' })),
      ...claims.map((word) => ({ word, key: 'expect' })),
    ];
    for (const { word, key } of words) {
      expect(word.examples, word.name).not.to.deep.equal([]);
      for (const example of word.examples) {
        const entry = example.replaceAll('\n', '\n    ');
        const text = `scenario: an example\n${key}:\n  - ${entry}\n`;
        const { diagnostics } = load('example.yaml', text);
        // What an example refers to is not there; its shape must be right.
        const shape = diagnostics.filter(({ code }) => /^KD1[01]/.test(code));
        expect(shape, `${word.name}: ${example}`).to.deep.equal([]);
      }
    }
  });
});

describe('the papers', () => {
  const scenarios = yamlBlocks().filter(({ text }) => /^scenario:/m.test(text));

  it('show scenarios', () => {
    expect(scenarios.map(({ path }) => path)).to.include('README.md');
  });

  for (const { path, line, text } of scenarios) {
    it(`are right about the scenario at ${path}:${line}`, () => {
      const { plans, diagnostics } = load('paper.yaml', text);
      expect(diagnostics.map(({ message }) => message)).to.deep.equal([]);
      expect(plans).not.to.deep.equal([]);
      for (const plan of plans) {
        const { outcomes } = run(plan, { seed: 1, createCluster });
        const wrong = outcomes.filter(({ status }) => status !== 'passed');
        expect(wrong.map(({ title, actual }) => `${title}: ${actual}`)).to.deep.equal([]);
      }
    });
  }
});
