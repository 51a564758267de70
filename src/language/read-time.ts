// Durations, instants and windows of a tree. The schema has passed their form; what it cannot see
// (finer than a microsecond, an end before its beginning) is reported here.

import { START, ZERO } from '../values/time';
import type { Duration, Instant } from '../values/time';
import { parseDuration, parseInstant, parseWindow } from './duration';
import type { Reading, Window } from './duration';
import type { Report } from './report';
import type { Tree } from './tree';

export function readDuration(tree: Tree, report: Report): Duration {
  return read(tree, parseDuration, ZERO, report);
}

export function readInstant(tree: Tree, report: Report): Instant {
  return read(tree, parseInstant, START, report);
}

export function readWindow(tree: Tree, report: Report): Window {
  return read(tree, parseWindow, { from: START, to: START }, report);
}

function read<T>(tree: Tree, parse: (text: string) => Reading<T>, fallback: T, report: Report): T {
  const reading = parse(String(tree.value));
  if (reading.ok) return reading.value;
  report.error('KD1105', tree.place, reading.message, reading.hint);
  return fallback;
}
