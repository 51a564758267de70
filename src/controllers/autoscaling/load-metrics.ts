// The last samples of metrics-server, taken every so often while there are autoscalers.

import type { HorizontalPodAutoscaler } from '../../apiserver/kinds/horizontalpodautoscaler';
import type { EventKind } from '../../kernel/event-queue';
import { Phase } from '../../kernel/phase';
import { Loop, tickAfter } from '../../timing';
import type { LoadStep } from '../../values/cluster-spec';
import { keyOf } from '../../values/kube-object';
import type { ObjectKey } from '../../values/kube-object';
import type { Workplace } from '../define';
import { samplePods } from './metrics-server';
import type { PodMetrics } from './metrics-server';
import type { ScaleTargets } from './scale-targets';

const RESOLUTION = 'metrics-server.resolution';
const NONE: PodMetrics = new Map();

export class LoadMetrics {
  private readonly place: Workplace;
  private readonly targets: ScaleTargets;
  private readonly loop: Loop;
  private readonly sampleEvent: EventKind;
  private readonly samples = new Map<ObjectKey, PodMetrics>();
  private isSampling = false;

  constructor(place: Workplace, targets: ScaleTargets) {
    this.place = place;
    this.targets = targets;
    this.loop = new Loop(place.timing, RESOLUTION, 'metrics-server');
    const sample = (): void => this.sampleAll();
    this.sampleEvent = place.kernel.declare('metrics-server.sample', sample, { background: true });
  }

  /** What is known of the pods of an autoscaler's target. */
  of(key: ObjectKey): PodMetrics {
    return this.samples.get(key) ?? NONE;
  }

  /** Goes on taking samples; where that takes no time, one is taken now. */
  goOn(key: ObjectKey): void {
    if (this.loop.ticks.period > 0) this.waitForTick();
    else this.sample(key);
  }

  forget(key: ObjectKey): void {
    this.samples.delete(key);
  }

  clear(): void {
    this.samples.clear();
  }

  private waitForTick(): void {
    if (this.isSampling) return;
    const { kernel } = this.place;
    this.isSampling = true;
    const at = tickAfter(this.loop.ticks, kernel.now);
    kernel.schedule(at, Phase.control, this.sampleEvent, 0, 0, RESOLUTION);
  }

  private sampleAll(): void {
    this.isSampling = false;
    const keys = [...this.place.view.list('HorizontalPodAutoscaler')].map(keyOf);
    for (const key of keys) this.sample(key);
    if (keys.length > 0) this.waitForTick();
  }

  private sample(key: ObjectKey): void {
    const { kernel, view } = this.place;
    const found = view.get('HorizontalPodAutoscaler', key) as HorizontalPodAutoscaler;
    const load = this.loadOf(found);
    const target = this.targets.of(found);
    const { period } = this.loop.ticks;
    if (target === undefined || load === undefined) this.samples.delete(key);
    else this.samples.set(key, samplePods(this.targets.podsOf(target), load, period, kernel.now));
  }

  /** What is declared for the workload; of any other nobody knows what it needs. */
  private loadOf({ metadata, spec }: HorizontalPodAutoscaler): readonly LoadStep[] | undefined {
    const { kind, name } = spec.scaleTargetRef;
    const target = `${kind.toLowerCase()}/${metadata.namespace}/${name}`;
    return this.place.spec.behaviours.findLast(
      (it) => it.target === target && it.load !== undefined,
    )?.load;
  }
}
