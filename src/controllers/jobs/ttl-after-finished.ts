// Deletes Jobs that have been over for as long as they say.
// source: pkg/controller/ttlafterfinished/ttlafterfinished_controller.go

import type { Job } from '../../apiserver/kinds/job';
import type { ObjectKey } from '../../values/kube-object';
import { between, later, seconds } from '../../values/time';
import type { Instant } from '../../values/time';
import { defineController, wallClockOf } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { finishCondition } from './job-conditions';
import type { Pass } from '../pass';

export const ttlAfterFinished = defineController({
  name: 'ttl-after-finished',
  kind: 'Job',
  create: (workplace) => new TtlLogic(workplace),
});

class TtlLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'] = { Job: ({ key }) => [key] };
  private readonly place: Workplace;

  constructor(workplace: Workplace) {
    this.place = workplace;
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const job = this.place.view.get('Job', key) as Job | undefined;
    const ttl = job?.spec.ttlSecondsAfterFinished;
    const since = finishCondition(job?.status?.conditions)?.lastTransitionTime;
    if (job === undefined || ttl === undefined || since === undefined) return;
    const due = later(since as Instant, seconds(ttl));
    const now = wallClockOf(this.place);
    if (now < due) {
      pass.requeueAfter(between(now, due), 'spec.ttlSecondsAfterFinished');
      return;
    }
    pass.summary = 'it has been over for its time';
    pass.delete(job);
  }
}
