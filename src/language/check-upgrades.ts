// Whether the versions of a cluster still fit each other after each of its upgrades, as far as the
// order of these is written down: the others are judged when they happen.

import type { ClusterSpec } from '../values/cluster-spec';
import type { Lexicon } from './lexicon';
import type { Report } from './report';
import { earliestStart } from './timeline';
import type { Timeline, TimelineStep } from './timeline';
import { placeNear, pointer } from './tree';

/** Reports each problem at the words of its step that make it. */
export function checkUpgrades(
  timeline: Timeline,
  cluster: ClusterSpec,
  lexicon: Lexicon,
  report: Report,
): void {
  const upgrades = inOrder(timeline);
  const args = upgrades.map(({ step }) => step.args);
  for (const { step, problem } of lexicon.upgradeProblems(args, cluster)) {
    const { path, severity, message, hint } = problem;
    const place = placeNear(upgrades[step]!.args, pointer(path));
    if (severity === 'error') report.error('KD1507', place, message, hint);
    else report.warn('KD1507', place, message, hint);
  }
}

/** None where a single one has no instant that is written down. */
function inOrder({ steps }: Timeline): readonly TimelineStep[] {
  const byId = new Map(steps.map((one) => [one.step.id, one]));
  const upgrades = steps
    .filter(({ word }) => word.isUpgrade === true)
    // A command that is to fail changes nothing.
    .filter(({ step }) => (step.args as { readonly fails?: string }).fails === undefined)
    .map((one) => ({ one, at: hasInstant(one, byId) ? earliestStart(one, byId) : undefined }));
  if (upgrades.some(({ at }) => at === undefined)) return [];
  return upgrades.sort((a, b) => a.at! - b.at!).map(({ one }) => one);
}

function hasInstant(
  { step: { when, repeat } }: TimelineStep,
  steps: ReadonlyMap<string, TimelineStep>,
  depth = 0,
): boolean {
  if (repeat !== undefined || depth > steps.size) return false;
  if (!('after' in when)) return 'at' in when;
  const base = steps.get(when.after.step);
  return base !== undefined && hasInstant(base, steps, depth + 1);
}
