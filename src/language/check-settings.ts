// Whether the parts of a cluster start with their settings, beside each other: what the schemas of
// single settings cannot say.

import type { Lexicon, Machinery } from './lexicon';
import type { Report } from './report';
import { child, placeNear, pointer } from './tree';
import type { Tree } from './tree';

/** Reports each problem at the setting that makes it, or as near to that as there is a place. */
export function checkSettings(
  scenario: Tree,
  machinery: Machinery,
  lexicon: Lexicon,
  report: Report,
): void {
  for (const { path, severity, message, hint } of lexicon.settingProblems(machinery)) {
    const place = placeNear(child(scenario, 'cluster') ?? scenario, pointer(path));
    if (severity === 'error') report.error('KD1112', place, message, hint);
    else report.warn('KD1407', place, message, hint);
  }
}
