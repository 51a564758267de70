// Holds a run of a real resolver against those that the model thinks possible.

import type { Run, SeenQuery } from './modelled';

/** By how many milliseconds a run may be early or late. */
interface Tolerance {
  readonly early: number;
  readonly late: number;
}

/** What a busy machine may be. */
const USUAL: Tolerance = { early: 200, late: 800 };
/** For what agrees but for its times. */
export const ANY_TIME: Tolerance = { early: Infinity, late: Infinity };

/** Whether the real run is the modelled one: queries, their order and times, results. */
export function agrees(model: Run, real: Run, tolerance = USUAL): boolean {
  return (
    isSameSequence(model.queries, real.queries, tolerance) &&
    isSame(model.results, real.results) &&
    model.took.every((took, index) => isAbout(took, real.took[index], tolerance))
  );
}

/**
 * Queries that leave at the same moment for different servers have no order that could be seen;
 * all others have one.
 */
function isSameSequence(
  model: readonly SeenQuery[],
  real: readonly SeenQuery[],
  tolerance: Tolerance,
): boolean {
  if (model.length !== real.length) return false;
  const moments = [...new Set(model.map(({ at }) => at))];
  let begin = 0;
  return moments.every((moment) => {
    const expected = model.filter(({ at }) => at === moment);
    const seen = real.slice(begin, (begin += expected.length));
    const inTime = seen.every(({ at }) => isAbout(moment, at, tolerance));
    return inTime && isSame(byServer(expected), byServer(seen));
  });
}

function byServer(queries: readonly SeenQuery[]): string[] {
  return [...queries].sort((a, b) => a.server - b.server).map(describeQuery);
}

function isAbout(
  expected: number | undefined,
  real: number | undefined,
  tolerance: Tolerance,
): boolean {
  if (expected === undefined || real === undefined) return expected === real;
  return real >= expected - tolerance.early && real <= expected + tolerance.late;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}

/** `UDP#1 → 0 web.shop.svc.cluster.local A`, with `edns 1232` where it has EDNS. */
function describeQuery({ server, transport, socket, query, udpSize }: SeenQuery): string {
  const edns = udpSize === 0 ? '' : ` edns ${udpSize}`;
  return `${transport}#${socket} → ${server} ${query}${edns}`;
}

/** A run as lines, the way a difference is shown. */
export function describeRun(who: string, { queries, results, took }: Run): string[] {
  return [
    ...queries.map((query) => {
      return `    ${who} ${query.at.toFixed(0).padStart(6)} ms ${describeQuery(query)}`;
    }),
    ...results.map((result, index) => {
      const time = took[index];
      return `    ${who} ${result}${time === undefined ? '' : ` after ${time.toFixed(0)} ms`}`;
    }),
  ];
}
