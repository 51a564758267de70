// Goal: the type that FromSchema derives from a schema literal is the type of the values that the
// schema admits. The assignments are checked by the compiler; a wrong one does not build.

import { expect } from 'chai';
import Ajv2020 from 'ajv/dist/2020';
import { FORMS } from '../../src/language/json-schema';
import type { FromSchema } from '../../src/language/json-schema';

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['from', 'backends'],
  properties: {
    from: { $ref: '#/$defs/origin' },
    backends: { type: 'array', items: { $ref: '#/$defs/podReference' } },
    outcome: { enum: ['ok', 'fail'] },
    of: { type: 'object', additionalProperties: { $ref: '#/$defs/ratio' } },
    some: { type: 'boolean' },
  },
} as const;

type Args = FromSchema<typeof SCHEMA>;

describe('FromSchema', () => {
  it('derives required and optional keys, enumerations, lists, mappings and forms', () => {
    const args: Args = {
      from: { pods: { labels: { app: 'web' } }, pick: 'one' },
      backends: ['shop/backend#1'],
      outcome: 'fail',
      of: { 'shop/backend#1': '1/3', 'shop/backend#2': 1 },
    };
    const text: Args['from'] = 'shop/frontend';
    // @ts-expect-error A required key is missing.
    const missing: Args = { from: 'shop/frontend' };
    // @ts-expect-error The enumeration has no such value.
    const wrong: Args['outcome'] = 'no';
    // @ts-expect-error A reference is no number.
    const number: Args['from'] = 1;
    expect([args, text, missing, wrong, number]).to.have.length(5);
  });
});

describe('the shared forms', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  for (const [name, form] of Object.entries(FORMS)) {
    it(`${name} carries a description and admits its own examples`, () => {
      const { description }: { readonly description: string } = form;
      expect(description).to.match(/^.{10,}\.$/);
      const validate = ajv.compile({ ...form, $defs: FORMS });
      for (const example of 'examples' in form ? form.examples : []) {
        expect(validate(example), JSON.stringify([example, validate.errors])).to.equal(true);
      }
    });
  }
});
