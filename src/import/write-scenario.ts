// Imported steps as a scenario: YAML with a comment above each object, to be read and gone on with.

import { formatDuration, ZERO } from '../values/time';
import { formatRemark } from './remark';
import type { ImportedObject, ImportedStep } from './timeline';

const WIDTH = 100;

export interface ScenarioHead {
  readonly title: string;
  /** Paths as the scenario shall name them; without any it is there to be extended. */
  readonly manifests: readonly string[];
}

/** The text of a scenario file. It is valid; without manifests it is abstract, and never run. */
export function writeScenario(head: ScenarioHead, objects: readonly ImportedObject[]): string {
  const externals = Object.assign({}, ...objects.map((it) => it.externals)) as object;
  const lines = [
    '# yaml-language-server: $schema=./node_modules/kubedrill/schema/scenario.schema.json',
    `scenario: ${flow(head.title)}`,
  ];
  if (head.manifests.length === 0) {
    lines.push('# To run it, write a scenario that extends this file and brings manifests.');
    lines.push('abstract: true');
  } else {
    lines.push(`manifests: ${flow(head.manifests)}`);
  }
  if (Object.keys(externals).length > 0) lines.push('cluster:', `  externals: ${flow(externals)}`);
  lines.push('', 'timeline:');
  for (const object of objects) lines.push(...objectLines(object));
  if (head.manifests.length > 0) lines.push(...EXPECTATION);
  return `${lines.join('\n')}\n`;
}

/** What holds in any sound cluster; what must hold meanwhile, its owner knows. */
const EXPECTATION = [
  '',
  'expect:',
  '  # Say here what must stay true.',
  '  - title: every pod is ready before anything breaks',
  '    at: 0s',
  '    inspect:',
  '      query: "$.objects.pods[*].status.conditions' +
    "[?(@.type == 'Ready' && @.status != 'True')]\"",
  '      absent: true',
];

/** Above each step stands where it comes from; above the first one, what is not carried over. */
function objectLines({ title, steps, remarks }: ImportedObject): string[] {
  const heading = (index: number) =>
    `  # ${title}${steps.length > 1 ? ` (${index + 1} of ${steps.length})` : ''}`;
  const notes = remarks.map((remark) => `  #   ${formatRemark(remark)}`);
  if (steps.length === 0) return [`  # ${title}`, ...notes];
  return steps.flatMap((step, index) => [
    heading(index),
    ...(index === 0 ? notes : []),
    ...stepLines(step),
  ]);
}

/** In one line where it fits, else a line for each key, and for each argument. */
function stepLines(step: ImportedStep): string[] {
  const entries = entriesOf(step);
  const line = `  - ${flow(Object.fromEntries(entries))}`;
  if (line.length <= WIDTH) return [line];
  return entries.flatMap(([key, value], index) => {
    const start = `  ${index === 0 ? '-' : ' '} ${key}:`;
    const whole = `${start} ${flow(value)}`;
    if (key !== step.verb || whole.length <= WIDTH) return [whole];
    const parts = Object.entries(step.args);
    return [start, ...parts.map(([name, part]) => `      ${name}: ${flow(part)}`)];
  });
}

function entriesOf(step: ImportedStep): [string, unknown][] {
  const { at, every, times, verb, args, lasts } = step;
  const entries: [string, unknown][] = [['at', formatDuration(at)]];
  if (every !== undefined && every > ZERO) {
    entries.push(['every', formatDuration(every)], ['times', times]);
  }
  entries.push([verb, args]);
  if (lasts !== undefined) entries.push(['for', formatDuration(lasts)]);
  return entries;
}

/** A value in the flow style of YAML. */
export function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, it]) => `${scalar(key)}: ${flow(it)}`);
    return `{${entries.join(', ')}}`;
  }
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value);
}

/** Quoted where YAML would read something else than the text. */
function scalar(text: string): string {
  const isPlain = /^[A-Za-z0-9/][A-Za-z0-9 ._/%-]*$/.test(text) && !text.endsWith(' ');
  const isWord = /^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  const isNumber = /^[0-9][0-9_.]*(e[0-9]+)?$|^0[xo][0-9a-f]+$/i.test(text);
  return isPlain && !isWord && !isNumber ? text : JSON.stringify(text);
}
