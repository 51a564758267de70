// What an import could not carry over, with its place. Nothing is left out without one of these.

import { formatPlace } from '../values/definition';
import type { SourceRange } from '../values/diagnostic';

/**
 * `skipped`: it has no counterpart, and nothing stands for it. `differs`: a step stands for it and
 * does not mean quite the same. `idle`: it has no effect where it comes from either.
 */
export type Loss = 'skipped' | 'differs' | 'idle';

export interface Remark {
  readonly loss: Loss;
  /** What was lost, and why. */
  readonly message: string;
  readonly range: SourceRange;
}

/** `chaos.yaml:12:5: skipped: spec.device: pods have one interface`. */
export function formatRemark({ loss, message, range }: Remark): string {
  return `${formatPlace(range)}: ${loss}: ${message}`;
}
