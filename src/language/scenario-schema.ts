// The schema of a scenario, assembled from the lexicon: what the validator is compiled from, and
// what editors complete and explain by. Words are keys of one mapping, not the branches of a
// union: a wrong value is one exact error, and the size grows with the words, not their square.

import { behaviourSchema } from './behaviour-schema';
import { clusterSchema } from './cluster-schema';
import { branches, FORMS } from './json-schema';
import type { JsonSchema, Lexicon, Word } from './lexicon';

const EDGE = '[A-Za-z0-9_-]+(#[1-9][0-9]*)?(\\.end)?';

/** Whole numbers that are told apart. */
const SEEDS: JsonSchema = { minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

/** The keys of a step beside its verb. */
const STEP_KEYS: Readonly<Record<string, JsonSchema>> = {
  id: {
    description: 'A name, by which `after` refers to this step.',
    type: 'string',
    pattern: '^[A-Za-z0-9_-]+$',
  },
  at: { $ref: '#/$defs/instantOrWindow' },
  after: {
    description: 'The step that it waits for: `crash`, its recovery `crash.end`, or `crash#2`.',
    type: 'string',
    pattern: `^${EDGE}$`,
    examples: ['crash', 'crash.end', 'crash#2'],
  },
  when: { $ref: '#/$defs/when' },
  plus: { $ref: '#/$defs/duration' },
  for: { $ref: '#/$defs/duration' },
  until: { $ref: '#/$defs/instant' },
  every: { $ref: '#/$defs/duration' },
  times: { description: 'How often, the first time included.', type: 'integer', minimum: 1 },
  recover: {
    description:
      'Repetitions of a fault end in the order in which they began (`in-order`, the default), or ' +
      'in one that is drawn from the seed (`shuffled`): with `every`, `times` and a `for` that ' +
      'lasts until all of them have begun.',
    enum: ['in-order', 'shuffled'],
  },
};

const CONDITION: JsonSchema = {
  description:
    'Rows of the matrix, by path: `{cluster.cni: [calico, cilium]}`. A mapping means what has ' +
    'these keys, whatever else: `{cluster.proxy: {mode: ebpf}}`.',
  type: 'object',
  minProperties: 1,
  additionalProperties: true,
  examples: [{ 'cluster.cni': ['calico', 'cilium'] }],
};

/** Operators that contain their claim, and those beside which it stands. */
export const ENCLOSING_OPERATORS = ['always', 'never', 'eventually', 'sometimes'] as const;
export const ADJACENT_OPERATORS = ['at', 'after'] as const;
/** The operator of claims about a stretch of time; beside another one it is a bound of that. */
export const STRETCH_OPERATOR = 'during';

const OTHER_OPERATORS = [...ADJACENT_OPERATORS, ...ENCLOSING_OPERATORS] as const;

const DURING_ALONE: JsonSchema = {
  required: [STRETCH_OPERATOR],
  not: { anyOf: OTHER_OPERATORS.map((name) => ({ required: [name] })) },
};

/** The keys of an expectation beside its claim. */
const EXPECTATION_KEYS: Readonly<Record<string, JsonSchema>> = {
  title: { description: 'What reports call it.', type: 'string', minLength: 1 },
  at: { $ref: '#/$defs/instant' },
  after: STEP_KEYS.after!,
  by: { $ref: '#/$defs/duration' },
  hold: { $ref: '#/$defs/duration' },
  takes: {
    description: 'How long after the step the claim becomes true: `350ms`, or bounds.',
    type: ['string', 'object'],
    pattern: FORMS.duration.pattern,
    additionalProperties: false,
    required: ['atMost'],
    properties: { atLeast: { $ref: '#/$defs/duration' }, atMost: { $ref: '#/$defs/duration' } },
    examples: ['350ms', { atLeast: '50ms', atMost: '2.2s' }],
  },
  seed: {
    description:
      'The one seed that this is said of, as an exact instant is: under others it is not judged, ' +
      'and with `--seeds` how long it takes is counted under all of them.',
    type: 'integer',
    ...SEEDS,
    examples: [1],
  },
  during: { $ref: '#/$defs/window' },
  always: { $ref: '#/$defs/claim' },
  never: { $ref: '#/$defs/claim' },
  eventually: { $ref: '#/$defs/claim' },
  sometimes: { $ref: '#/$defs/claim' },
};

/** Assembles the whole schema (JSON Schema 2020-12). The same lexicon gives the same bytes. */
export function scenarioSchema(lexicon: Lexicon): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'kubedrill scenario',
    type: 'object',
    additionalProperties: false,
    required: ['scenario'],
    properties: {
      scenario: {
        description: 'What this scenario shows, as a sentence.',
        type: 'string',
        minLength: 1,
      },
      about: { description: 'The story behind it.', type: 'string' },
      tags: { description: 'Words to select by.', type: 'array', items: { type: 'string' } },
      cluster: { $ref: '#/$defs/cluster' },
      manifests: {
        description: 'Files, folders or patterns, relative to this file.',
        type: ['string', 'array'],
        items: { type: 'string' },
      },
      behaviour: behaviourSchema(lexicon),
      timeline: {
        description: 'What happens. Each step has exactly one verb.',
        type: 'array',
        items: { $ref: '#/$defs/step' },
      },
      expect: {
        description: 'What must be true. Each expectation has exactly one claim.',
        type: 'array',
        items: { $ref: '#/$defs/expectation' },
      },
      matrix: {
        description:
          'Every combination is one run; a key is the path of what it replaces. A row may say ' +
          'what amounts to nothing (`loss: 0%`): it is the control.',
        type: 'object',
        additionalProperties: { type: 'array' },
        properties: {
          exclude: { description: 'Rows to leave out.', type: 'array', items: CONDITION },
        },
      },
      extends: {
        description: 'A scenario to start from: `other.yaml` or `other.yaml#its title`.',
        type: 'string',
        minLength: 1,
      },
      abstract: { description: 'Only there to be extended; never run.', type: 'boolean' },
      end: { $ref: '#/$defs/instant' },
      seed: { description: 'The seed; default 1.', type: 'integer', ...SEEDS },
    },
    $defs: definitions(lexicon),
  };
}

type WordKind = 'fault' | 'action' | 'claim' | 'trigger';

/** The schema of the value of a word, as the scenario's schema refers to it. */
function wordReference(kind: WordKind, name: string): string {
  return `#/$defs/${kind}.${name}`;
}

function definitions(lexicon: Lexicon): JsonSchema {
  const { faults, actions, claims, triggers } = lexicon;
  return {
    ...titled(FORMS),
    cluster: clusterSchema(lexicon),
    step: exactlyOne('step', [...faults.keys(), 'do'], {
      description: 'One verb, and when.',
      properties: {
        ...STEP_KEYS,
        only: CONDITION,
        except: CONDITION,
        ...references('fault', faults),
        do: { $ref: '#/$defs/do' },
      },
    }),
    do: alternatives('do', 'What an administrator does.', 'action', actions),
    when: alternatives('when', 'The event on which a step happens.', 'trigger', triggers),
    expectation: {
      title: 'expectation',
      description: 'One claim, and when it must hold.',
      type: 'object',
      additionalProperties: false,
      oneOf: [...requireEach(OTHER_OPERATORS), DURING_ALONE],
      properties: {
        ...EXPECTATION_KEYS,
        only: CONDITION,
        except: CONDITION,
        ...references('claim', claims),
      },
    },
    claim: exactlyOne('claim', [...claims.keys()], {
      description: 'Exactly one claim.',
      properties: references('claim', claims),
    }),
    ...wordSchemas('fault', faults),
    ...wordSchemas('action', actions),
    ...wordSchemas('claim', claims),
    ...wordSchemas('trigger', triggers),
  };
}

/** A mapping that is the value of the one word that it contains. */
function alternatives(
  title: string,
  description: string,
  kind: WordKind,
  words: Words,
): JsonSchema {
  return {
    title,
    description,
    type: 'object',
    oneOf: requireEach([...words.keys()]),
    properties: Object.fromEntries(
      [...words].map(([name, { summary }]) => [name, { description: summary }]),
    ),
    allOf: [...words.keys()].map((name) => ({
      ...branches({ required: [name] }, { $ref: wordReference(kind, name) }),
    })),
  };
}

type Words = ReadonlyMap<string, Word>;

/** The name of a form becomes its title, by which an error tells what was wanted. */
function titled(forms: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return Object.fromEntries(
    Object.entries(forms).map(([title, form]) => [title, { title, ...form }]),
  );
}

function exactlyOne(title: string, keys: readonly string[], schema: JsonSchema): JsonSchema {
  const closed = { type: 'object', additionalProperties: false };
  return { title, ...closed, ...schema, oneOf: requireEach(keys) };
}

function requireEach(keys: readonly string[]): readonly JsonSchema[] {
  return keys.map((key) => ({ required: [key] }));
}

function references(kind: 'fault' | 'claim', words: Words): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(
    [...words].map(([name, word]) => [
      name,
      { description: word.summary, $ref: wordReference(kind, name) },
    ]),
  );
}

function wordSchemas(kind: WordKind, words: Words): JsonSchema {
  return Object.fromEntries(
    [...words].map(([name, word]) => [
      `${kind}.${name}`,
      { description: word.summary, examples: word.examples, ...word.schema },
    ]),
  );
}
