// What a label selector may look like.
// source: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go
// (ValidateLabelSelector, ValidateLabelSelectorRequirement)

import type { LabelExpression, LabelSelector } from '../../values/labels';
import type { ManifestProblem } from '../../values/manifest-problem';
import { error, noneOf } from './define';
import type { FieldTable } from './fields';
import { validateLabelKey, validateLabels } from './names';

/** The fields of a `metav1.LabelSelector`. */
export const SELECTOR_FIELDS: FieldTable = {
  matchLabels: true,
  matchExpressions: [{ key: true, operator: true, values: true }],
};

/** What is wrong with a selector; an absent one is the caller's case. */
export function validateSelector(
  selector: LabelSelector | undefined,
  path: string,
): ManifestProblem[] {
  const { matchLabels, matchExpressions = [] } = selector ?? {};
  return [
    ...validateLabels(matchLabels, `${path}/matchLabels`),
    ...matchExpressions.flatMap((line, index) =>
      validateExpression(line, `${path}/matchExpressions/${index}`),
    ),
  ];
}

function validateExpression(line: LabelExpression, path: string): ManifestProblem[] {
  const { key, operator, values = [] } = line;
  const problems = validateLabelKey(key, `${path}/key`);
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return problems;
      return [...problems, error(`${path}/values`, `${operator} needs at least one value`)];
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return problems;
      return [...problems, error(`${path}/values`, `${operator} takes no values`)];
    default: {
      const message = noneOf(operator, ['In', 'NotIn', 'Exists', 'DoesNotExist']);
      return [...problems, error(`${path}/operator`, message)];
    }
  }
}
