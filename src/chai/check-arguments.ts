// Arguments that come from code are held against the same schema as a scenario's, and told of in
// the same words: specs may be JavaScript, and values may be made at run time.

import { Report } from '../language/report';
import { parseSource } from '../language/source';
import { validate } from '../language/validate';

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
