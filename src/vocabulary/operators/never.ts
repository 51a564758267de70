import { formatInstant } from '../../values/time';
import type { Observation } from '../define';
import { spanOf, titleDuring } from '../during';
import { defineOperator, neverEvaluated, notModelled, tell, vacuous } from '../operator';
import { withAdverb } from '../sentence';

export default defineOperator({
  name: 'never',
  summary: 'At no instant of the run, or of `during`, is the claim possible.',
  models:
    'Possible means: one possible path from one source suffices. Where the claim could not have ' +
    'been true at any instant (there was no source, or the name that it asks for never ' +
    'resolved), the expectation is an error: it would pass for the wrong reason.',
  examples: ['{never: {reach: {from: shop/frontend, to: database:5432}}}'],
  title({ subject, predicate }, expectation) {
    return titleDuring(`${subject} ${withAdverb('never', predicate)}`, expectation);
  },
  expected({ expectedNever }) {
    return expectedNever;
  },
  span: spanOf,
  marks: (expectation) => [spanOf(expectation).from],
  judge(expectation, history) {
    const samples = history.during(spanOf(expectation));
    if (samples.length === 0) return neverEvaluated('the run ended before its time came');
    const happened = samples.find(({ observation }) => observation.possible === true);
    if (happened !== undefined) {
      const actual = `${tell(happened.observation)} at ${formatInstant(happened.at)}`;
      return { status: 'failed', actual, at: happened.at, sample: happened };
    }
    const obstacle = obstacleOf(samples[0]!.observation);
    if (samples.every(({ observation }) => obstacleOf(observation) !== undefined)) {
      return vacuous(samples[0]!, obstacle!);
    }
    const unknown = samples.find(({ observation }) => observation.possible === undefined);
    if (unknown !== undefined) return notModelled(unknown);
    const last = samples.at(-1)!;
    return { status: 'passed', actual: tell(last.observation), at: last.at, sample: last };
  },
});

/** Why the claim could not have been true then; undefined where it could. */
function obstacleOf({ vacuous: empty, precluded }: Observation): string | undefined {
  return empty ?? precluded;
}
