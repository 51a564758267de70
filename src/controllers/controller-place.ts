// What one controller is given to work with.

import type { WorkQueue } from '../apiserver/work-queue';
import type { Kernel } from '../kernel/kernel';
import type { Timing } from '../timing';
import type { ClusterSpec } from '../values/cluster-spec';
import type { View, Workplace } from './define';
import type { Heartbeats } from './nodes/heartbeats';

/** Of a class: V8 would make literals of it in the old generation, fork after fork. */
export class ControllerPlace implements Workplace {
  readonly kernel: Kernel;
  readonly timing: Timing;
  readonly spec: ClusterSpec;
  readonly heartbeats: Heartbeats;
  readonly view: View;
  readonly queue: WorkQueue;
  readonly actor: string;

  constructor({ kernel, timing, spec, heartbeats, view, queue, actor }: Workplace) {
    this.kernel = kernel;
    this.timing = timing;
    this.spec = spec;
    this.heartbeats = heartbeats;
    this.view = view;
    this.queue = queue;
    this.actor = actor;
  }
}
