import { formatInstant } from '../../values/time';
import { spanOf, titleDuring } from '../during';
import { defineOperator, neverEvaluated, neverReached } from '../operator';
import { withAdverb } from '../sentence';

export default defineOperator({
  name: 'sometimes',
  summary: 'At some instant of some run, one possible path makes the claim true.',
  models:
    'It shows that a situation arises at all, so that the other expectations are not empty. Each ' +
    'run is judged by itself; a command with several runs asks whether one of them passed.',
  examples: ['{sometimes: {reach: {from: shop/frontend, to: backend:80, outcome: refused}}}'],
  title({ subject, predicate }, expectation) {
    return titleDuring(`${subject} ${withAdverb('sometimes', predicate)}`, expectation);
  },
  expected({ expected }) {
    const path = ' on some possible path';
    return `${expected.endsWith(path) ? expected : expected + path}, at some instant`;
  },
  span: spanOf,
  marks: (expectation) => [spanOf(expectation).from],
  judge(expectation, history) {
    const samples = history.during(spanOf(expectation));
    if (samples.length === 0) return neverEvaluated('the run ended before its time came');
    const happened = samples.find(({ observation }) => observation.possible === true);
    if (happened !== undefined) {
      const actual = `possible at ${formatInstant(happened.at)}`;
      const over = happened === samples[0] ? {} : { over: happened.at };
      return { status: 'passed', actual, at: happened.at, sample: happened, ...over };
    }
    return neverReached(samples, history, 'possible');
  },
});
