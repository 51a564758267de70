// What a failure looks like: what was expected, what happened, the packet's hops, why, and the
// command that repeats it. One text for the console, JUnit, mocha and chai; no colour in it.

import { formatTuple } from '../values/flow';
import { formatInstant } from '../values/time';
import type { Hop, Step, Trace } from '../values/trace';
import { wrap } from '../values/wrap';
import type { Outcome } from './result';
import { tellDistribution, tellSeeds } from './spread-text';

/** Columns of a text where nobody says how wide the terminal is. */
const WIDTH_DEFAULT = 100;
/** Narrower than this, wrapping makes a text longer and no clearer. */
const WIDTH_MIN = 60;
const MARGIN = 4;
const LABEL = 10;

const MARKS = { passed: '✓', failed: '✗', error: '!', skipped: '-' } as const;

/** The failure text of an outcome, without a newline at its end. */
export function failureText(outcome: Outcome, width = WIDTH_DEFAULT): string {
  const columns = Math.max(width, WIDTH_MIN);
  const lines = [...headLines(outcome, columns), ...bodyLines(outcome, columns)];
  return lines.map((line) => line.trimEnd()).join('\n');
}

function headLines({ title, status, range }: Outcome, width: number): readonly string[] {
  const head = `${MARKS[status]} ${printable(title)}`;
  const place = `${printable(range.file)}:${range.line}:${range.column}`;
  const gap = width - head.length - place.length;
  if (gap >= 2) return [head + ' '.repeat(gap) + place];
  return [...wrap(head, width, 0, 2), ' '.repeat(Math.max(2, width - place.length)) + place];
}

function bodyLines(outcome: Outcome, width: number): readonly string[] {
  const { expected, actual, traces, at, why, repeat, code, status, spread } = outcome;
  const [trace, ...others] = traces;
  return [
    ...(status === 'error' ? labelled('error', [code ?? 'error'], width) : []),
    ...labelled('expected', [expected], width),
    ...labelled('actual', [actual], width),
    ...(trace === undefined ? [] : traceLines(trace, at, others.length, width)),
    ...labelled('why', why, width),
    ...(spread === undefined ? [] : labelled('seeds', [tellSeeds(spread)], width)),
    ...(spread?.took === undefined ? [] : labelled('took', [tellDistribution(spread.took)], width)),
    ` `.repeat(MARGIN) + 'repeat'.padEnd(LABEL) + printable(repeat),
  ];
}

/** Paragraphs behind a label; the second and later ones start under the first. */
function labelled(label: string, paragraphs: readonly string[], width: number): readonly string[] {
  const indent = MARGIN + LABEL;
  return paragraphs.flatMap((paragraph, index) => {
    const lines = wrap(printable(paragraph), width, indent, indent);
    if (index > 0) return lines;
    const [first = '', ...rest] = lines;
    return [' '.repeat(MARGIN) + label.padEnd(LABEL) + first.slice(indent), ...rest];
  });
}

function traceLines(
  trace: Trace,
  at: Outcome['at'],
  others: number,
  width: number,
): readonly string[] {
  const when = at === undefined ? '' : `${formatInstant(at)}  `;
  const sender = trace.sender === undefined ? '' : `${trace.sender} `;
  const rows = [...rowsOf(trace.hops), ...rowsOf(trace.answerHops, '← ')];
  const nodes = widest(rows.map(({ node }) => node));
  const places = widest(rows.map(({ place }) => place));
  const indent = MARGIN + LABEL + 2;
  const steps = rows.flatMap(({ node, place, text }) => {
    const lead = `${node.padEnd(nodes)}  ${place.padEnd(places)}  `;
    return wrapAfter(printable(lead), printable(text), width, indent);
  });
  const more = others === 1 ? 'and 1 other walk' : `and ${others} other walks`;
  return [
    ...labelled('trace', [`${when}${sender}${formatTuple(trace.sent)}`], width),
    ...steps,
    ...(others > 0 ? [' '.repeat(indent) + more] : []),
  ];
}

interface Row {
  readonly node: string;
  readonly place: string;
  readonly text: string;
}

/** One row for each step; `way` marks those of the answer. */
function rowsOf(hops: readonly Hop[], way = ''): readonly Row[] {
  return hops.flatMap(({ node, steps }) =>
    steps.map((step) => ({ node: way + node, place: step.place, text: textOf(step) })),
  );
}

function textOf({ action, detail }: Step): string {
  return detail === '' ? action : `${action} ${detail}`;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}

/** `lead` once, then the text beside it, wrapped under its own beginning. */
function wrapAfter(lead: string, text: string, width: number, indent: number): readonly string[] {
  const column = indent + lead.length;
  // Where the lead leaves no room, the text goes below it.
  const inner = column > width - 30 ? indent + 4 : column;
  const [first = '', ...rest] = wrap(text, width, inner, inner);
  const start = ' '.repeat(indent) + lead;
  if (inner === column) return [start + first.slice(inner), ...rest];
  return [start, first, ...rest];
}

/** Names come from files: control characters in them must not reach a terminal or an XML file. */
export function printable(text: string): string {
  return text
    .replace(/\s+/g, (space) => (/[^ ]/.test(space) ? ' ' : space))
    .replace(/\p{Cc}/gu, '�');
}
