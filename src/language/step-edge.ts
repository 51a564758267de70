// `crash`, `crash.end`, `crash#2`: what `after` may name, and whether it is there.

import { didYouMean } from './did-you-mean';
import type { PlannedStep, StepEdge } from './plan';
import type { Report } from './report';
import type { Place } from './source-text';

/** Reads an edge that the schema has passed. */
export function parseEdge(text: string): StepEdge {
  const [, step = '', repetition = '1', end] = /^([^#.]+)(?:#(\d+))?(\.end)?$/.exec(text) ?? [];
  return { step, edge: end === undefined ? 'start' : 'end', repetition: Number(repetition) };
}

/** What a step is known by, as far as edges are concerned. */
export interface KnownStep {
  readonly step: PlannedStep;
  /** Whether it ends, by `for`, `until` or its own parameters. */
  readonly ends: boolean;
}

/** Reports an edge that never happens. `all` are the ids of every row, `steps` those of this. */
export function checkEdge(
  edge: StepEdge,
  place: Place,
  steps: ReadonlyMap<string, KnownStep>,
  all: ReadonlySet<string>,
  report: Report,
): boolean {
  const known = steps.get(edge.step);
  if (known === undefined) {
    if (all.has(edge.step)) {
      report.error(
        'KD1502',
        place,
        `the step "${edge.step}" does not happen in every row where this waits for it`,
        'give both the same `only`',
      );
    } else {
      const hint =
        didYouMean(edge.step, all) ??
        (all.size === 0 ? 'give a step an `id`' : `the ids are ${[...all].join(', ')}`);
      report.error('KD1502', place, `there is no step "${edge.step}"`, hint);
    }
    return false;
  }
  const times = known.step.repeat?.times ?? 1;
  if (edge.repetition > times) {
    const happens = times === 1 ? 'once' : `${times} times`;
    report.error('KD1505', place, `the step "${edge.step}" happens only ${happens}`);
  } else if (edge.edge === 'end' && !known.ends) {
    report.error(
      'KD1505',
      place,
      `the step "${edge.step}" never ends`,
      'give it `for:` or `until:`',
    );
  } else return true;
  return false;
}
