// Arguments that come from code are held against the same schema as a scenario's, and told of in
// the same words: specs may be JavaScript, and values may be made at run time.

import { Report } from '../language/report';
import { parseSource } from '../language/source';
import { validate } from '../language/validate';
import type { ManifestProblem } from '../values/manifest-problem';

/**
 * Checks one entry of a timeline or of a list of expectations. Throws TypeError with all that is
 * wrong with it.
 */
export function checkArguments(list: 'timeline' | 'expect', entry: object): void {
  const report = new Report();
  const text = JSON.stringify({ scenario: 'arguments in code', [list]: [entry] });
  const [document] = parseSource('arguments', text, report).documents;
  if (document !== undefined && validate(document.tree, report)) return;
  const problems = report.diagnostics.map((found) => {
    const { hint } = found;
    return hint === undefined ? found.message : `${found.message}; ${hint}`;
  });
  throw new TypeError(problems.join('\n'));
}

/**
 * What no schema can say of arguments: a malformed path, a table that pods do not have. What
 * amounts to nothing (`loss: '0%'`) is the control of other cases, as in a row of a matrix.
 */
export function checkValue<Args>(
  word: { check?(args: Args): readonly ManifestProblem[] },
  args: Args,
): void {
  const problems = word.check?.(args) ?? [];
  const errors = problems.filter((it) => it.severity === 'error' && it.isIdle !== true);
  if (errors.length === 0) return;
  throw new TypeError(errors.map(({ message }) => message).join('\n'));
}
