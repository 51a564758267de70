// What a scenario's suite leaves on mocha's own objects while it runs: the one thing that
// src/mocha and the reporters agree on. Reporters decide by these fields, never by the text of a
// message.

import type { Diagnostic } from '../values/diagnostic';
import type { Outcome, RunResult } from './result';

/** A place in a file that the user wrote. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** On the suite of a scenario. */
export interface RecordedSuite {
  /** Present from the start; its absence marks a suite of ordinary TypeScript specs. */
  scenario?: {
    readonly title: string;
    /** As the user named it, with forward slashes. */
    readonly file: string;
    readonly row: Readonly<Record<string, string>>;
    /** Position among the scenarios of the file, rows of a matrix counted singly. */
    readonly order: number;
  };
  /** Present once the scenario has run. Holds the outcomes that were asked for. */
  runResult?: RunResult;
  /** How long the run took by the wall clock, in milliseconds. */
  wall?: number;
}

/** On each test of such a suite, from the moment it has been judged. */
export interface RecordedTest {
  outcome?: Outcome;
  /** Instead of an outcome, where the scenario could not be loaded. */
  diagnostic?: Diagnostic;
  /** Instead of an outcome, where the run itself broke off: an error of kubedrill. */
  internal?: { readonly message: string; readonly stack: string };
  place?: Place;
  /** The place in its source, drawn with carets. */
  frame?: string;
}
