// The table of timers as one version of Kubernetes and one profile see it.

import { Random } from '../kernel/random';
import { TIMERS, Timing } from '../timing';
import type { Delay, Profile, TimerName, TimerRow } from '../timing';
import type { KubeVersion } from '../values/kube-version';
import { sortedKeys } from '../values/order';
import { formatDuration, later } from '../values/time';
import type { Instant } from '../values/time';
import { columns } from './layout';

/** Name, delay, meaning, knob and source of every row. */
export function timerPage(kubernetes: KubeVersion, profile: Profile): string {
  const timing = new Timing({ kubernetes, profile }, new Random(1));
  const blocks = sortedKeys(TIMERS).map((name) => {
    const row: TimerRow = TIMERS[name as TimerName];
    const gain = formatDelay(timing.delay(name as TimerName, 'gain'));
    const loss = formatDelay(timing.delay(name as TimerName, 'loss'));
    const delay = gain === loss ? gain : `${gain} to gain an endpoint, ${loss} to lose one`;
    const facts: (readonly [string, string])[] = [
      [`  ${row.kind}`, `${delay}: ${row.delays}`],
      ...(row.knob === undefined ? [] : [['  knob', row.knob] as const]),
      ['  source', row.source],
    ];
    return `${name}\n${columns(facts)}`;
  });
  const head = `Timers of Kubernetes ${kubernetes} under the profile ${profile}.`;
  const use = 'Override one by its name: cluster: {timing: {NAME: 2s}}';
  return [head, use, '', blocks.join('\n\n')].join('\n');
}

/** `1s`, or `20ms..40ms` where it is drawn from a range. */
function formatDelay({ least, extra }: Delay): string {
  if (extra === 0) return formatDuration(least);
  const most = later(least as number as Instant, extra) as number;
  return `${formatDuration(least)}..${formatDuration(most as typeof least)}`;
}
