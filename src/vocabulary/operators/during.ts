import { formatDuration, START } from '../../values/time';
import { titleDuring } from '../during';
import { defineOperator, judgeStretch, neverEvaluated } from '../operator';
import { stretchOf } from '../stretch';

export default defineOperator({
  name: 'during',
  summary: 'What a claim about a stretch of time says, from one instant to another.',
  models:
    'The first instant belongs to the stretch, the last one does not. Beside `always`, `never`, ' +
    '`eventually` and `sometimes`, `during` is their bound. `by` is how long each change may ' +
    'take, where the claim judges changes.',
  examples: [
    '{during: 10s..40s, outage: {from: shop/frontend, to: backend:80, gap: {atMost: 2s}}}',
  ],
  title({ subject, predicate }, expectation) {
    const { by } = expectation;
    const limit = by === undefined ? '' : ` within ${formatDuration(by)} of the change`;
    return titleDuring(`${subject} ${predicate}${limit}`, expectation);
  },
  expected: ({ expected }) => expected,
  span: ({ during }) => during,
  marks: ({ during }) => (during === undefined ? [] : [during.from]),
  judge(expectation, history, _instants, { stretch }) {
    const { from = START, to = START } = expectation.during ?? {};
    if (stretch === undefined) return neverEvaluated('its claim is about an instant');
    return judgeStretch(stretchOf(history, { from, to }, expectation.by), stretch);
  },
});
