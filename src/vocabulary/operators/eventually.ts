import type { PlannedExpectation } from '../../language/plan';
import { formatDuration, formatInstant } from '../../values/time';
import type { Instant } from '../../values/time';
import { spanOf, titleDuring } from '../during';
import { deadline } from '../history';
import type { Span } from '../history';
import { defineOperator, neverEvaluated, neverReached } from '../operator';
import { withAdverb } from '../sentence';

export default defineOperator({
  name: 'eventually',
  summary: 'The claim is true at some instant of the run, or of `during`; `by` is its deadline.',
  models:
    'One instant suffices. Without `by`, the run and its settling are the deadline. Of a claim ' +
    'that is true already when its time begins, without a step at that instant, the report says ' +
    'so, and a warning that nothing is shown by it; of a matrix, if it is so in every row.',
  examples: ['{eventually: {resolve: {from: shop/frontend, name: backend}}, by: 30s}'],
  title({ subject, predicate }, expectation) {
    const { by } = expectation;
    const within = by === undefined ? '' : ` within ${formatDuration(by)}`;
    return titleDuring(`${subject} ${withAdverb('eventually', predicate)}${within}`, expectation);
  },
  expected({ expected }, expectation) {
    const { to } = window(expectation);
    return expectation.by === undefined
      ? `${expected} at last`
      : `${expected} by ${formatInstant(to)}`;
  },
  span: window,
  marks: (expectation) => [window(expectation).from],
  judge(expectation, history, timeline) {
    const { from } = window(expectation);
    const samples = history.during(window(expectation));
    if (samples.length === 0) return neverEvaluated('the run ended before its time came');
    const reached = samples.find(({ observation }) => observation.holds === true);
    if (reached !== undefined) {
      const when = reached.at === from ? 'from the start' : `at ${formatInstant(reached.at)}`;
      const actual = `${reached.observation.actual} ${when}`;
      // A step at the very start may have made it so.
      const early = reached.at === from && timeline.nextAfter((from - 1) as Instant) !== from;
      const over = reached === samples[0] ? {} : { over: reached.at };
      const told = { ...over, ...(early && { early }) };
      return { status: 'passed', actual, at: reached.at, sample: reached, ...told };
    }
    return neverReached(samples, history, 'holds');
  },
});

/** The bounds, with `by` counted from their start. */
function window(expectation: PlannedExpectation): Span {
  const { from, to } = spanOf(expectation);
  if (expectation.by === undefined) return { from, to };
  const limit = deadline(from, expectation.by);
  return { from, to: limit < to ? limit : to };
}
