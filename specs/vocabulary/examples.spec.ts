// Goal: every example of every word is what it claims to be: a complete entry of a scenario that
// the schema admits, that uses its word, and whose claim can be put into a sentence.

import { expect } from 'chai';
import Ajv2020 from 'ajv/dist/2020';
import { parse } from 'yaml';
import { scenarioSchema } from '../../src/language/scenario-schema';
import { LANGUAGE } from '../../src/vocabulary/index';
import { titleOf } from '../../src/vocabulary/define';
import { lexicon } from '../../src/vocabulary/lexicon';

const ajv = new Ajv2020({ allErrors: true, strict: false });
const validate = ajv.compile(scenarioSchema(lexicon));

type Entry = Readonly<Record<string, unknown>>;

const WORDS = Object.entries(LANGUAGE).flatMap(([group, words]) =>
  [...words.values()].flatMap((word) => word.examples.map((text) => ({ group, word, text }))),
);

function problems(group: string, entry: Entry): unknown {
  const list = ['faults', 'actions', 'triggers'].includes(group) ? 'timeline' : 'expect';
  return validate({ scenario: 'an example', [list]: [entry] }) ? [] : validate.errors;
}

describe('the examples of the language', () => {
  for (const { group, word, text } of WORDS) {
    it(`${word.name}: ${text}`, () => {
      const entry = parse(text) as Entry;
      expect(problems(group, entry)).to.deep.equal([]);
      const inner = Object.assign({}, entry, ...Object.values(entry).filter(isMapping)) as Entry;
      expect(Object.keys(inner)).to.include(word.name);
    });
  }
});

describe('every word', () => {
  const words = Object.values(LANGUAGE).flatMap((group) => [...group.values()]);

  it('has a summary, a description and examples', () => {
    for (const { name, summary, models, examples } of words) {
      expect(summary, name).to.match(/^[A-Z].+\.$/);
      expect(models, name).to.match(/\.$/);
      expect(examples, name).to.not.equal([]);
    }
  });

  it('stands in the order of names', () => {
    for (const group of Object.values(LANGUAGE)) {
      const names = [...group.keys()];
      expect(names).to.deep.equal([...names].sort());
    }
  });

  it('names its source upstream, where it models anything', () => {
    const { operators: _operators, ...modelling } = LANGUAGE;
    for (const { name, source } of Object.values(modelling).flatMap((it) => [...it.values()])) {
      expect(source, name).to.have.length.above(8);
    }
  });
});

describe('every claim', () => {
  const examples = WORDS.filter(({ group }) => group === 'claims');
  for (const { word, text } of examples) {
    it(`can be said and denied: ${text}`, () => {
      const claim = LANGUAGE.claims.get(word.name)!;
      const entry = parse(text) as Entry;
      const args = (entry[word.name] ?? (entry['never'] as Entry)[word.name]) as never;
      expect(titleOf(claim, args)).to.not.match(/undefined|\[object/);
      expect(titleOf(claim, args, true)).to.not.equal(titleOf(claim, args));
      expect(claim.expected(args))
        .to.match(/\S/)
        .and.not.match(/undefined|\[object/);
      expect(claim.expectedNever(args)).to.match(/^never /);
      expect(claim.check?.(args) ?? []).to.deep.equal([]);
    });
  }
});

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
