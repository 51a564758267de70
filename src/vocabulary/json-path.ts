// JSONPath over the cluster's state. The library walks; what it is given to walk has been checked
// and rewritten here, since it answers a malformed path with silence and would let a filter be
// code. Names and filters reach it in one canonical form each.

import { JSONPath } from 'jsonpath-plus';
import { FilterSyntaxError, parseFilter, passes } from './json-path-filter';
import type { Filter } from './json-path-filter';

/** What is wrong with a path; `position` counts characters from 0. */
export interface PathProblem {
  readonly message: string;
  readonly position: number;
}

/** A longer query than this is an attack, not a question. */
const LENGTH_MAX = 2_000;

/** Names that stand in a path without any second meaning for the library. */
const PLAIN_NAME = /^[A-Za-z_][\w./ -]*$|^[0-9]+$/;

/** Filters by the number under which the library hands them back; equal texts share one. */
const filters: Filter[] = [];
const numbers = new Map<string, number>();

/** The problem of a path, or undefined where it is one. */
export function checkPath(path: string): PathProblem | undefined {
  const rewritten = rewrite(path);
  return typeof rewritten === 'string' ? undefined : rewritten;
}

/** All values that the path leads to. Throws RangeError for a path that `checkPath` refuses. */
export function query(state: object, path: string): readonly unknown[] {
  const rewritten = rewrite(path);
  if (typeof rewritten !== 'string') throw new RangeError(rewritten.message);
  const found = JSONPath({ path: rewritten, json: state, eval: evaluate, wrap: true });
  return Array.isArray(found) ? found : [];
}

/** The steps of a path that `checkPath` takes, as they are written, `$` first. */
export function stepsOf(path: string): readonly string[] {
  const steps = ['$'];
  let position = 1;
  while (position < path.length) {
    const segment = segmentAt(path, position);
    if ('message' in segment) throw new RangeError(segment.message);
    steps.push(path.slice(position, segment.end));
    position = segment.end;
  }
  return steps;
}

/**
 * The library's evaluator. `code` is the number of a filter, never a text of the scenario's. It
 * must not close over anything: the library keeps it by its source text.
 */
function evaluate(code: string, context: Readonly<Record<string, unknown>>): boolean {
  // The library's name for `@`.
  return passes(filters[Number(code)]!, context['_$_v']);
}

function rewrite(path: string): string | PathProblem {
  if (path.length > LENGTH_MAX) return { message: 'the path is too long', position: LENGTH_MAX };
  if (!path.startsWith('$')) return { message: 'a path starts with $', position: 0 };
  let position = 1;
  let text = '$';
  while (position < path.length) {
    const segment = segmentAt(path, position);
    if ('message' in segment) return segment;
    text += segment.text;
    position = segment.end;
  }
  return text;
}

interface Segment {
  readonly text: string;
  readonly end: number;
}

function segmentAt(path: string, position: number): Segment | PathProblem {
  const rest = path.slice(position);
  const member = /^(\.\.?)([A-Za-z_][\w-]*|\*)/.exec(rest);
  if (member !== null) {
    const [all, dots, name] = member;
    const step = name === '*' ? '[*]' : `['${name}']`;
    return { text: dots === '..' ? `..${step}` : step, end: position + all.length };
  }
  if (rest.startsWith('..[')) {
    const inner = bracketAt(path, position + 2);
    return 'message' in inner ? inner : { text: `..${inner.text}`, end: inner.end };
  }
  if (rest.startsWith('[')) return bracketAt(path, position);
  if (rest.startsWith('.')) return { message: 'a name is expected after the dot', position };
  return { message: `"${rest[0]}" is not expected here in a path`, position };
}

function bracketAt(path: string, position: number): Segment | PathProblem {
  const rest = path.slice(position);
  const wildcard = /^\[\s*\*\s*\]/.exec(rest);
  if (wildcard !== null) return { text: '[*]', end: position + wildcard[0].length };
  const index = /^\[\s*(\d+)\s*\]/.exec(rest);
  if (index !== null) return { text: `[${index[1]}]`, end: position + index[0].length };
  const slice = /^\[\s*(-?\d*:-?\d*(?::[1-9]\d*)?)\s*\]/.exec(rest);
  if (slice !== null) return { text: `[${slice[1]}]`, end: position + slice[0].length };
  const name = /^\[\s*(?:'([^']*)'|"([^"]*)")\s*\]/.exec(rest);
  if (name !== null) {
    const written = name[1] ?? name[2] ?? '';
    if (!PLAIN_NAME.test(written)) {
      return { message: `"${written}" is not a name that a path may contain`, position };
    }
    return { text: `['${written}']`, end: position + name[0].length };
  }
  if (rest.startsWith('[?(')) return filterAt(path, position);
  return { message: 'an index, a quoted name, * or ?(filter) is expected after [', position };
}

function filterAt(path: string, position: number): Segment | PathProblem {
  const start = position + 3;
  const end = endOfFilter(path, start);
  if (end === undefined) return { message: 'the filter is not closed by )]', position };
  const text = path.slice(start, end);
  try {
    return { text: `[?(${numberOf(text)})]`, end: end + 2 };
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    return { message: error.message, position: start + error.position };
  }
}

/** Where the filter's own closing `)]` stands: outside of quotes and of inner brackets. */
function endOfFilter(path: string, start: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let index = start; index < path.length; index++) {
    const character = path[index]!;
    if (quote !== '') {
      if (character === '\\') index++;
      else if (character === quote) quote = '';
    } else if (character === "'" || character === '"') {
      quote = character;
    } else if (character === '(') {
      depth++;
    } else if (character === ')') {
      if (depth === 0) return path[index + 1] === ']' ? index : undefined;
      depth--;
    }
  }
  return undefined;
}

function numberOf(text: string): number {
  const known = numbers.get(text);
  if (known !== undefined) return known;
  const number = filters.push(parseFilter(text)) - 1;
  numbers.set(text, number);
  return number;
}
