// The rules of the two published JUnit schemas as data, and a checker for them: W is Ant's
// JUnit.xsd (windyroad), J is junit-10.xsd of Jenkins' xUnit plugin. A document that consumers
// with a validator shall accept has to meet both.

import type { XmlNode } from './xml-parser';

type Pattern = RegExp;

interface ElementRule {
  /** Attributes that must stand there, with the form of their values. */
  readonly required: Readonly<Record<string, Pattern>>;
  readonly optional: Readonly<Record<string, Pattern>>;
  /** Children in the order that the schema demands, or `any` order. */
  readonly order: 'sequence' | 'any';
  readonly children: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** At most one of these. */
  readonly oneOf?: readonly string[];
  /** Whether text may stand between the tags. */
  readonly text?: boolean;
}

export type Schema = Readonly<Record<string, ElementRule>>;

const ANY = /^[^]*$/;
const TEXT = /^[^]*\S[^]*$/;
const COUNT = /^\d+$/;
const DECIMAL = /^\d+(\.\d+)?$/;
const MILLISECONDS = /^\d+(\.\d{0,3})?$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/;
const many = { min: 0, max: Infinity };
const once = { min: 1, max: 1 };
const maybe = { min: 0, max: 1 };

const leaf = (required: ElementRule['required'], optional: ElementRule['optional'] = {}) =>
  ({ required, optional, order: 'sequence', children: {}, text: true }) as const;

export const W: Schema = {
  testsuites: { required: {}, optional: {}, order: 'sequence', children: { testsuite: many } },
  testsuite: {
    required: {
      name: TEXT,
      package: ANY,
      id: COUNT,
      hostname: TEXT,
      timestamp: INSTANT,
      tests: COUNT,
      failures: COUNT,
      errors: COUNT,
      time: DECIMAL,
    },
    optional: {},
    order: 'sequence',
    children: { properties: once, testcase: many, 'system-out': once, 'system-err': once },
  },
  properties: { required: {}, optional: {}, order: 'sequence', children: { property: many } },
  property: leaf({ name: TEXT, value: ANY }),
  testcase: {
    required: { name: ANY, classname: ANY, time: DECIMAL },
    optional: {},
    order: 'sequence',
    children: { skipped: maybe, error: maybe, failure: maybe },
    oneOf: ['skipped', 'error', 'failure'],
  },
  skipped: leaf({}, { message: ANY }),
  error: leaf({ type: ANY }, { message: ANY }),
  failure: leaf({ type: ANY }, { message: ANY }),
  'system-out': leaf({}),
  'system-err': leaf({}),
};

export const J: Schema = {
  testsuites: {
    required: {},
    optional: { name: ANY, time: MILLISECONDS, tests: COUNT, failures: COUNT, errors: COUNT },
    order: 'sequence',
    children: { testsuite: many },
  },
  testsuite: {
    required: { name: ANY, tests: COUNT, failures: COUNT, errors: COUNT },
    optional: {
      skipped: COUNT,
      timestamp: ANY,
      hostname: ANY,
      id: ANY,
      package: ANY,
      file: ANY,
      log: ANY,
      url: ANY,
      version: ANY,
      group: ANY,
      time: MILLISECONDS,
    },
    order: 'any',
    children: { properties: many, testcase: many, 'system-out': many, 'system-err': many },
  },
  properties: { required: {}, optional: {}, order: 'any', children: { property: many } },
  property: leaf({ name: ANY, value: ANY }),
  testcase: {
    required: { name: ANY },
    optional: { time: ANY, classname: ANY, group: ANY },
    order: 'any',
    children: {
      skipped: many,
      error: many,
      failure: many,
      'system-out': many,
      'system-err': many,
    },
  },
  skipped: leaf({}, { type: ANY, message: ANY }),
  error: leaf({}, { type: ANY, message: ANY }),
  failure: leaf({}, { type: ANY, message: ANY }),
  'system-out': leaf({}),
  'system-err': leaf({}),
};

/** What a document breaks of a schema, one sentence each. */
export function violations(root: XmlNode, schema: Schema): string[] {
  if (root.name !== 'testsuites') return [`the root is ${root.name}`];
  return check(root, schema);
}

function check(node: XmlNode, schema: Schema): string[] {
  const rule = schema[node.name];
  if (rule === undefined) return [`unknown element ${node.name}`];
  const found = [...attributeViolations(node, rule), ...childViolations(node, rule)];
  if (rule.text !== true && node.text.trim() !== '') found.push(`text within ${node.name}`);
  return [...found, ...node.children.flatMap((child) => check(child, schema))];
}

function attributeViolations(node: XmlNode, rule: ElementRule): string[] {
  const found: string[] = [];
  for (const name of Object.keys(rule.required)) {
    if (!(name in node.attributes)) found.push(`${node.name} lacks @${name}`);
  }
  for (const [name, value] of Object.entries(node.attributes)) {
    const pattern = rule.required[name] ?? rule.optional[name];
    if (pattern === undefined) found.push(`${node.name} may have no @${name}`);
    else if (!pattern.test(value)) found.push(`${node.name}@${name} may not be "${value}"`);
  }
  return found;
}

function childViolations(node: XmlNode, rule: ElementRule): string[] {
  const found: string[] = [];
  const names = node.children.map(({ name }) => name);
  for (const [name, { min, max }] of Object.entries(rule.children)) {
    const count = names.filter((each) => each === name).length;
    if (count < min || count > max) found.push(`${node.name} has ${count} of ${name}`);
  }
  for (const name of names) {
    if (!(name in rule.children)) found.push(`${node.name} may have no ${name}`);
  }
  const rank = names.map((name) => Object.keys(rule.children).indexOf(name));
  if (rule.order === 'sequence' && rank.some((at, index) => at < (rank[index - 1] ?? at))) {
    found.push(`${node.name} has its children in another order: ${names.join(' ')}`);
  }
  const alternatives = names.filter((name) => rule.oneOf?.includes(name));
  if (alternatives.length > 1) found.push(`${node.name} has ${alternatives.join(' and ')}`);
  return found;
}
