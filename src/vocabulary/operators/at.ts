import { formatDuration, START } from '../../values/time';
import type { Duration } from '../../values/time';
import { defineOperator, neverEvaluated, notModelled, tell, vacuous } from '../operator';

export default defineOperator({
  name: 'at',
  summary: 'The claim is true at that instant.',
  models: 'All that the model does at the instant comes first, the observation last.',
  examples: ['{at: 5s, reach: {from: shop/frontend, to: backend:80}}'],
  title({ subject, predicate }, { at = START }) {
    return `${subject} ${predicate} at ${formatDuration(at as number as Duration)}`;
  },
  expected({ expected }) {
    return expected;
  },
  span({ at = START }) {
    return { from: at, to: at };
  },
  marks({ at = START }) {
    return [at];
  },
  judge({ at = START }, history) {
    const sample = history.at(at);
    if (sample === undefined) return neverEvaluated('the run ended before that instant');
    const { observation } = sample;
    if (observation.vacuous !== undefined) return vacuous(sample, observation.vacuous);
    if (observation.holds === undefined) return notModelled(sample);
    const status = observation.holds ? 'passed' : 'failed';
    return { status, actual: tell(observation), at, sample };
  },
});
