// The pages of docs/reference, made of the same literals as validation and behaviour, so that
// they cannot contradict the code.

import { behaviourSchema } from '../language/behaviour-schema';
import { DIAGNOSTIC_CODES } from '../language/diagnostic-codes';
import { FORMS } from '../language/json-schema';
import type { JsonSchema, Lexicon } from '../language/lexicon';
import { scenarioSchema } from '../language/scenario-schema';
import { boundsText, followsText, NOT_MODELLED, PRESETS, PROFILES } from '../timing';
import { sinceText, TIMERS } from '../timing';
import type { Delay, Preset, TimerRow } from '../timing';
import { DISPOSITIONS } from '../values/disposition';
import { formatDuration } from '../values/time';
import type { Duration } from '../values/time';
import { fenced, flowText, keyTable, page, table, valuesOf } from './markdown';

/** What a page says of a word beside its schema. */
export interface ReferenceWord {
  readonly name: string;
  readonly summary: string;
  readonly models: string;
  readonly source?: string;
  readonly schema?: JsonSchema;
  readonly examples: readonly string[];
}

export interface ReferenceWords {
  readonly faults: ReadonlyMap<string, ReferenceWord>;
  readonly actions: ReadonlyMap<string, ReferenceWord>;
  readonly triggers: ReadonlyMap<string, ReferenceWord>;
  readonly claims: ReadonlyMap<string, ReferenceWord>;
  readonly operators: ReadonlyMap<string, ReferenceWord>;
}

const NOTICE = '<!-- Written by `npm run docs`. -->';

/** Every page by its file name. Equal words give equal bytes. */
export function referencePages(
  lexicon: Lexicon,
  words: ReferenceWords,
): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', indexPage()],
    ['scenario.md', scenarioPage(lexicon)],
    ['faults.md', wordPage('Faults', FAULTS, words.faults)],
    ['actions.md', wordPage('Actions of `do`', ACTIONS, words.actions)],
    ['triggers.md', wordPage('Triggers of `when`', TRIGGERS, words.triggers)],
    ['claims.md', wordPage('Claims', CLAIMS, words.claims)],
    ['operators.md', wordPage('Operators', OPERATORS, words.operators)],
    ['dispositions.md', dispositionPage()],
    ['diagnostics.md', diagnosticPage()],
    ['timing.md', timingPage()],
  ]);
}

const FAULTS =
  'A fault breaks something: what (the verb), where (the target), how, and for how long.';
const ACTIONS = 'An action is what an administrator does. It goes through the API server.';
const TRIGGERS =
  'A trigger is the event on which a step happens. One that never comes is an error.';
const CLAIMS = 'A claim says what is the case at one instant. An operator says when it must be.';
const OPERATORS = 'An operator says when a claim must hold. An expectation has exactly one.';

function indexPage(): string {
  const rows = [
    ['[scenario](scenario.md)', 'every key of a scenario, and the forms of values'],
    ['[faults](faults.md), [actions](actions.md)', 'what can happen'],
    ['[triggers](triggers.md)', 'the events on which it can happen'],
    ['[claims](claims.md), [operators](operators.md)', 'what can be expected, and when'],
    ['[dispositions](dispositions.md)', 'what can become of a packet'],
    ['[timing](timing.md)', 'every delay of the model, with its knob and its source'],
    ['[diagnostics](diagnostics.md)', 'what can be wrong with a file'],
  ];
  return page('# Reference', NOTICE, table(['Page', 'Content'], rows));
}

function scenarioPage(lexicon: Lexicon): string {
  const schema = scenarioSchema(lexicon);
  const behaviours = behaviourSchema(lexicon);
  const definitions = schema['$defs'] as Readonly<Record<string, JsonSchema>>;
  const section = (title: string, of: JsonSchema, skip: readonly string[] = []) =>
    `## ${title}\n\n${keyTable(of, definitions, skip)}`;
  const verbs = [...lexicon.faults.keys(), 'do'];
  const forms = Object.entries(FORMS).map(([name, form]) => formSection(name, form));
  return page(
    '# The scenario file',
    NOTICE,
    'A YAML stream. Documents with a `scenario` key are scenarios; documents with `apiVersion` ' +
      'and `kind` are manifests that all scenarios of the file share.',
    section('Keys of a scenario', schema, ['cluster', 'behaviour']),
    section('`cluster`', definitions['cluster']!, ['timing']),
    '`timing` is a profile, or a mapping of a `profile` and of [timers by name](timing.md).',
    '## `behaviour`',
    `${String(behaviours['description'])} Each has these keys:`,
    keyTable(behaviours['additionalProperties'] as JsonSchema, definitions),
    section('A step of `timeline`', definitions['step']!, verbs),
    `Its verb is one of ${verbs.map((verb) => `\`${verb}\``).join(', ')}: ` +
      'see [faults](faults.md) and [actions](actions.md). What `when` may say: ' +
      '[triggers](triggers.md).',
    section('An expectation of `expect`', definitions['expectation']!, [...lexicon.claims.keys()]),
    'Its claim is one of those in [claims](claims.md), beside `at` or `after`, or inside of the ' +
      'other [operators](operators.md).',
    '## Forms of values',
    ...forms,
  );
}

function formSection(name: string, form: JsonSchema): string {
  const examples = (form['examples'] as readonly unknown[] | undefined) ?? [];
  const shown = examples.map((example) => `\`${flowText(example)}\``);
  const keys = keyTable(form, FORMS);
  const description = String(form['description']);
  const line = shown.length === 0 ? '' : `Examples: ${shown.join(', ')}.`;
  const blocks = [`### ${name}`, description, `Written as ${valuesOf(form)}.`, line, keys];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function wordPage(
  title: string,
  introduction: string,
  words: ReadonlyMap<string, ReferenceWord>,
): string {
  return page(`# ${title}`, NOTICE, introduction, ...[...words.values()].map(wordSection));
}

function wordSection({ name, summary, models, source, schema, examples }: ReferenceWord): string {
  const blocks = [
    `## \`${name}\``,
    summary,
    models,
    source === undefined ? '' : `Source: ${source}`,
    schema === undefined ? '' : keyTable(schema, FORMS),
    fenced('yaml', examples.map(asEntry).join('\n')),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function asEntry(example: string): string {
  return example.startsWith('- ') ? example : `- ${example.replaceAll('\n', '\n  ')}`;
}

function dispositionPage(): string {
  const rows = Object.entries(DISPOSITIONS).map(([name, { outcome, meaning }]) => [
    `\`${name}\``,
    outcome === undefined ? 'none: an expectation over it is an error' : `\`${outcome}\``,
    meaning,
  ]);
  return page(
    '# Dispositions',
    NOTICE,
    'What becomes of a packet, and what its sender sees of that. `reach` judges the outcome; the ' +
      'disposition says why.',
    table(['Disposition', 'Outcome', 'Meaning'], rows),
  );
}

function diagnosticPage(): string {
  const rows = Object.entries(DIAGNOSTIC_CODES).map(([code, meaning]) => [`\`${code}\``, meaning]);
  return page(
    '# Diagnostics',
    NOTICE,
    'What can be wrong with a file. Errors end with exit code 2; warnings are printed and change ' +
      'nothing. A code never changes its meaning.',
    table(['Code', 'Meaning'], rows),
  );
}

function timingPage(): string {
  const rows = Object.entries<TimerRow>(TIMERS).map(([name, row]) => [
    `\`${name}\``,
    row.delays,
    delayText(row),
    row.kind,
    knobText(row),
    row.source,
  ]);
  const profiles = PROFILES.map((name) => `\`${name}\``).join(', ');
  return page(
    '# Timing',
    NOTICE,
    `Every delay of the model. Profiles: ${profiles}. A scenario replaces a row by its name: ` +
      '`cluster.timing: {profile: default, kubelet.plegRelistPeriod: 500ms}`.',
    'A *latency* is what work or a message takes, a *quantiser* is a loop that looks only every ' +
      'so often, a *wait* is configured on purpose. The profile `instant` zeroes the first two ' +
      'and keeps the waits.',
    'Some knobs are words of objects or of Corefiles. Where a scenario writes these words, they ' +
      'go before: the row is what holds for those that say nothing. Some knobs take only some ' +
      'delays: another one is an error.',
    'Some profiles are known settings of whole clusters: they differ from `default` in a few rows.',
    table(['Profile', 'For', 'Timers', 'Source'], Object.entries(PRESETS).map(presetRow)),
    table(['Timer', 'Delays', 'Default', 'Kind', 'Knob', 'Source'], rows),
    '## Not modelled',
    'Timers of real clusters that nothing in the model waits for. To override one is an error ' +
      'that says so.',
    table(['Timer', 'Delays', 'Upstream', 'Knob', 'Without it', 'Source'], missingRows()),
  );
}

function missingRows(): string[][] {
  return Object.entries(NOT_MODELLED).map(([name, { delays, value, knob, without, source }]) => [
    `\`${name}\``,
    delays,
    value,
    knob === undefined ? '' : `\`${knob}\``,
    without,
    source,
  ]);
}

function knobText({ knob, since, bounds }: TimerRow): string {
  if (knob === undefined) return '';
  const version = since === undefined ? [] : [sinceText(since)];
  const takes = bounds === undefined ? [] : [`takes ${boundsText(bounds)}`];
  return [`\`${knob}\``, ...version, ...takes].join(', ');
}

function presetRow([name, { summary, timers, source }]: readonly [string, Preset]): string[] {
  const set = Object.entries(timers).map(([timer, value]) => `${timer}: ${formatDuration(value)}`);
  return [`\`${name}\``, summary, set.join('; '), source];
}

function delayText({ value, older, tutorial, follows }: TimerRow): string {
  if (follows !== undefined) return `${spanText(value)}: ${followsText(follows)}`;
  const before = (older ?? []).map((it) => `; before ${it.below}: ${spanText(it.value)}`).join('');
  if (tutorial === undefined) return `${spanText(value)}${before}`;
  const lesson =
    'least' in tutorial
      ? spanText(tutorial)
      : `${spanText(tutorial.gain)} (gain), ${spanText(tutorial.loss)} (loss)`;
  return `${spanText(value)}${before}; tutorial: ${lesson}`;
}

function spanText({ least, extra }: Delay): string {
  if (extra === 0) return formatDuration(least);
  return `${formatDuration(least)} to ${formatDuration((least + extra) as Duration)}`;
}
