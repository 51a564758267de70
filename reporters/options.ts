// What a reporter may be told, through kubedrill's command line or mocha's `-O name=value`.

import type { Output } from './output';
import { openOutput } from './output';

export interface ReporterOptions {
  /** The file to write; standard output without one. */
  readonly output?: string;
  /** The name of the whole run in the report. */
  readonly name?: string;
  /** `strict` leaves out of a JUnit file whatever one of the published schemas forbids. */
  readonly profile?: string;
  /** Shows failures and totals only. */
  readonly quiet?: boolean;
  /** Beats NO_COLOR, FORCE_COLOR and the terminal. */
  readonly color?: boolean;
  /** Where the text goes instead of `output`; for specs and for other reporters. */
  readonly sink?: Output;
}

/** Mocha's options as it hands them to the constructor of a reporter. */
export interface MochaOptions {
  readonly reporterOptions?: unknown;
  readonly color?: boolean;
}

/** The options of a reporter, from either of the two ways. */
export function reporterOptions(options: MochaOptions | undefined): ReporterOptions {
  const given = (options?.reporterOptions ?? {}) as ReporterOptions;
  return options?.color === undefined || given.color !== undefined
    ? given
    : { ...given, color: options.color };
}

/** Where the reporter shall write. Throws UnwritableReport. */
export function outputOf(options: ReporterOptions): Output {
  return options.sink ?? openOutput(options.output);
}

/** The instant of a reproducible build in seconds, if the environment asks for one. */
export function sourceDateEpoch(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number | undefined {
  const text = environment['SOURCE_DATE_EPOCH'];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
