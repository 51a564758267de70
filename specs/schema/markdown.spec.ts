// Goal: a schema reads as a table that people understand. Method: small schemas, whole tables.

import { expect } from 'chai';
import { fenced, flowText, keyTable, page, table, valuesOf } from '../../src/schema/markdown';

const FORMS = { duration: { description: 'A span.', type: 'string' } };

describe('reference pages', () => {
  it('escape what would break a cell', () => {
    expect(table(['A', 'B'], [['a|b', 'c\nd']])).to.equal('| A | B |\n|---|---|\n| a\\|b | c d |');
    expect(table(['A'], [])).to.equal('');
  });

  it('list keys with their values, and nested keys by their path', () => {
    const schema = {
      required: ['from'],
      properties: {
        from: { $ref: '#/$defs/duration' },
        how: { description: 'How.', enum: ['exit', 'oom'] },
        list: {
          type: 'array',
          items: { type: 'object', properties: { port: { type: 'integer' } } },
        },
        hidden: { type: 'string' },
      },
    };
    expect(keyTable(schema, FORMS, ['hidden']).split('\n').slice(2)).to.deep.equal([
      '| `from` (required) | [duration](scenario.md#duration) | A span. |',
      '| `how` | `exit`, `oom` | How. |',
      '| `list` | a list of: a mapping |  |',
      '| `list[].port` | a number |  |',
    ]);
  });

  const values: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ const: 'all' }, '`all`'],
    [{ type: 'boolean' }, '`true` or `false`'],
    [{ type: 'integer', minimum: 1, maximum: 9 }, 'a number from 1 to 9'],
    [{ type: ['string', 'object'] }, 'a text, or a mapping'],
    [{ type: ['string', 'object'], then: { enum: ['a', 'b'] } }, '`a`, `b`, or a mapping'],
    [{ oneOf: [{ type: 'string' }, { type: 'integer' }] }, 'a text or a number'],
    [{ $ref: '#/$defs/claim' }, '[claim](claims.md)'],
    [{ $ref: '#/$defs/when' }, '[when](triggers.md)'],
    [{ type: 'array' }, 'a list'],
  ];
  for (const [schema, text] of values) {
    it(`say ${text}`, () => {
      expect(valuesOf(schema)).to.equal(text);
    });
  }

  it('write examples as YAML does', () => {
    expect(flowText({ pods: { labels: { app: 'web' } }, pick: [1, 'all'] })).to.equal(
      '{pods: {labels: {app: web}}, pick: [1, all]}',
    );
  });

  it('are blocks with an empty line between', () => {
    expect(page('# A', '', fenced('sh', 'x\n'))).to.equal('# A\n\n```sh\nx\n```\n');
  });
});
