// Goal: what the language makes of whole files is written down beside them. good/*.yaml gives the
// plans of good/*.plan.json; bad/*.yaml gives the text of bad/*.diagnostics.txt, to the letter.
// UPDATE_GOLDEN=1 rewrites them. Files that a fixture points to stand in the folder `files`.

import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { formatDiagnostics } from '../../src/language/code-frame';
import { DIAGNOSTIC_CODES } from '../../src/language/diagnostic-codes';
import { loadScenarios } from '../../src/language/load';
import type { Plan } from '../../src/language/plan';
import { formatPlace } from '../../src/values/definition';
import type { Definition } from '../../src/values/definition';
import { nameOf } from '../../src/values/kube-object';
import { expectGolden } from '../tidy/golden';
import { LEXICON, VALIDATOR } from './fixture-lexicon';

const GOOD = 'specs/language/good';
const BAD = 'specs/language/bad';

/** Inputs too large or too odd for a file: limits.spec.ts makes them and owns their goldens. */
const MADE = '.made.diagnostics.txt';

function load(path: string) {
  return loadScenarios([path], LEXICON, undefined, { validator: VALIDATOR });
}

function namesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** Every plan with its notes as one line each: positions of notes are for the bad fixtures. */
function textOfPlans(plans: readonly Plan[]): string {
  const short = plans.map((plan) => ({
    ...plan,
    cluster: withPlaces(plan.cluster),
    notes: plan.notes.map(({ code, message }) => `${code} ${message}`),
  }));
  return `${JSON.stringify(short, null, 2)}\n`;
}

/** Nothing is said of definitions where there are none. */
function withPlaces({ definitions = [], ...cluster }: Plan['cluster']) {
  return definitions.length === 0
    ? cluster
    : { ...cluster, definitions: definitions.map(definitionLine) };
}

/** The object is among the manifests already: what counts here are its places. */
function definitionLine({ object, range, items }: Definition): string {
  const parts = Object.entries(items).map(([path, it]) => ` ${path} ${it.line}:${it.column}`);
  return `${nameOf(object)} ${formatPlace(range)}${parts.join()}`;
}

describe('good scenarios', () => {
  for (const name of namesIn(GOOD, '.yaml')) {
    it(`${name} compiles to the plans beside it`, () => {
      const loaded = load(`${GOOD}/${name}`);
      expect(formatDiagnostics(loaded.diagnostics, loaded.linesOf)).to.equal('');
      expectGolden(`${GOOD}/${name.replace('.yaml', '.plan.json')}`, textOfPlans(loaded.plans));
    });
  }
});

describe('bad scenarios', () => {
  for (const name of namesIn(BAD, '.yaml')) {
    it(`${name} is refused, or warned about, in the words beside it`, () => {
      const loaded = load(`${BAD}/${name}`);
      const all = [...loaded.diagnostics, ...new Set(loaded.plans.flatMap(({ notes }) => notes))];
      const text = `${formatDiagnostics(all, loaded.linesOf)}\n`;
      expect(text, 'a bad fixture must provoke the code it is named after').to.contain(
        `[${name.slice(0, 6)}]`,
      );
      expectGolden(`${BAD}/${name.replace('.yaml', '.diagnostics.txt')}`, text);
    });
  }

  it('every code of a diagnostic has a fixture that provokes it', () => {
    const fixtures = [...namesIn(BAD, '.yaml'), ...namesIn(BAD, MADE)];
    const codes = fixtures.map((name) => name.slice(0, 6));
    const missing = Object.keys(DIAGNOSTIC_CODES).filter((code) => !codes.includes(code));
    expect(missing).to.deep.equal([]);
  });

  it('no golden is left without its fixture', () => {
    const orphans = [
      ...namesIn(GOOD, '.plan.json').map(
        (name) => `${GOOD}/${name.replace('.plan.json', '.yaml')}`,
      ),
      ...namesIn(BAD, '.txt')
        .filter((name) => !name.endsWith(MADE))
        .map((name) => `${BAD}/${name.replace('.diagnostics.txt', '.yaml')}`),
    ].filter((path) => !existsSync(path));
    expect(orphans).to.deep.equal([]);
  });
});
