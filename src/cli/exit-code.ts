// The exit codes of the command line. Of several the highest wins.

import type { Case } from '../../reporters/report';

export const EXIT = {
  /** Every expectation holds. */
  passed: 0,
  /** An expectation does not hold, or the cluster did not settle. */
  failed: 1,
  /** A mistake of usage, an invalid scenario, an undecided expectation, or nothing ran. */
  unusable: 2,
  /** An error of kubedrill, nondeterminism included. */
  internal: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export function highest(codes: Iterable<ExitCode>): ExitCode {
  let found: ExitCode = EXIT.passed;
  for (const code of codes) if (code > found) found = code;
  return found;
}

/** What one case contributes. */
export function exitCodeOf({ status, internal }: Case): ExitCode {
  if (internal === true) return EXIT.internal;
  if (status === 'failed') return EXIT.failed;
  return status === 'error' ? EXIT.unusable : EXIT.passed;
}
