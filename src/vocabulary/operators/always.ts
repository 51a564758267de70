import { formatInstant } from '../../values/time';
import { defineOperator, emptiness, neverEvaluated, notModelled, tell, vacuous } from '../operator';
import { spanOf, titleDuring } from '../during';
import { withAdverb } from '../sentence';

export default defineOperator({
  name: 'always',
  summary: 'The claim is true at every instant of the run, or of `during`.',
  models:
    'Every state that lasts for any time at all counts, however short. Instants at which there ' +
    'was nothing to judge (no pod of the source ran) are left out; if there was none other, the ' +
    'expectation is an error.',
  examples: ['{always: {reach: {from: shop/frontend, to: backend:80}}, during: 0s..30s}'],
  title({ subject, predicate }, expectation) {
    return titleDuring(`${subject} ${withAdverb('always', predicate)}`, expectation);
  },
  expected({ expected }) {
    return `always ${expected}`;
  },
  span: spanOf,
  marks: (expectation) => [spanOf(expectation).from],
  judge(expectation, history) {
    const samples = history.during(spanOf(expectation));
    if (samples.length === 0) return neverEvaluated('the run ended before its time came');
    const broken = samples.find(
      ({ observation }) => observation.holds === false && observation.vacuous === undefined,
    );
    if (broken !== undefined) {
      const actual = `${tell(broken.observation)} at ${formatInstant(broken.at)}`;
      return { status: 'failed', actual, at: broken.at, sample: broken };
    }
    const empty = emptiness(samples);
    if (empty !== undefined) return vacuous(samples[0]!, empty);
    const unknown = samples.find(({ observation }) => observation.holds === undefined);
    if (unknown !== undefined) return notModelled(unknown);
    const last = samples.at(-1)!;
    return { status: 'passed', actual: tell(last.observation), at: last.at, sample: last };
  },
});
