// Goal: a failed daemon is replaced at once, the next one 1 s later, each further one after twice
// that, up to 15 min; whoever was quiet for twice as long begins anew (client-go util/flowcontrol
// backoff.go; cmd/kube-controller-manager/app/apps.go).

import { expect } from 'chai';
import { DaemonBackoff } from '../../../src/controllers/workloads/daemon-backoff';
import { Random } from '../../../src/kernel/random';
import { Timing } from '../../../src/timing';
import { NEWEST_VERSION } from '../../../src/values/kube-version';
import type { ObjectKey } from '../../../src/values/kube-object';
import { later, seconds, START } from '../../../src/values/time';
import type { Duration, Instant } from '../../../src/values/time';

const SET = 'shop/agent' as ObjectKey;
const NODE = 'worker-1';

function subject(): DaemonBackoff {
  const random = new Random(1);
  return new DaemonBackoff(new Timing({ kubernetes: NEWEST_VERSION, profile: 'default' }, random));
}

/** Replaces a daemon as often, each time as soon as it may be; the last wait, and when it ended. */
function replaceOften(backoff: DaemonBackoff, times: number): { wait: Duration; now: Instant } {
  let [now, wait] = [START, 0 as Duration];
  for (let time = 0; time < times; time++) {
    wait = backoff.waits(SET, NODE, now) ?? (0 as Duration);
    now = later(now, wait);
    backoff.replaced(SET, NODE, now);
  }
  return { wait, now };
}

describe('the back-off of failed daemons', () => {
  it('is twice as long each time, and 15 min at the most', () => {
    const waits = [1, 2, 3, 4, 5, 11, 12, 20].map((times) => replaceOften(subject(), times).wait);
    expect(waits).to.deep.equal([0, 1, 2, 4, 8, 512, 900, 900].map(seconds));
  });

  it('is one of each set on each node', () => {
    const backoff = subject();
    backoff.replaced(SET, NODE, START);
    expect(backoff.waits(SET, NODE, START)).to.equal(seconds(1));
    expect(backoff.waits(SET, 'worker-2', START)).to.equal(undefined);
    expect(backoff.waits('shop/other', NODE, START)).to.equal(undefined);
  });

  it('begins anew after half an hour without a failure, and not before', () => {
    for (const [pause, next] of [
      [seconds(1800), 32],
      [seconds(1801), 1],
    ] as const) {
      const backoff = subject();
      const now = later(replaceOften(backoff, 5).now, pause);
      expect(backoff.waits(SET, NODE, now)).to.equal(undefined);
      backoff.replaced(SET, NODE, now);
      expect(backoff.waits(SET, NODE, now)).to.equal(seconds(next));
    }
  });

  it('is forgotten with the process', () => {
    const backoff = subject();
    backoff.replaced(SET, NODE, START);
    backoff.clear();
    expect(backoff.waits(SET, NODE, START)).to.equal(undefined);
  });
});
