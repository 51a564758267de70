// Waits for the events of steps: sees every change of the objects that a trigger is about, where
// the trigger wants it to be seen, and tells the timeline of the one that counts.

import type { Cluster } from '../cluster/cluster';
import type { PlannedStep, PlannedTrigger } from '../language/plan';
import { keyOf } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { TriggerWatch } from '../vocabulary/define';
import { triggerNamed } from '../vocabulary/index';
import type { Firing, Timeline } from './timeline';

/** A change, as the API server stores it or as a component receives it. */
interface Seen {
  readonly key: ObjectKey;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export class Triggers {
  private readonly cluster: Cluster;
  private readonly timeline: Timeline;
  private readonly onFirings: (firings: readonly Firing[]) => void;
  /** How often each has come true, by the step that waits for it. */
  private readonly counts = new Map<string, number>();
  /** What kept a step from waiting at all. */
  private readonly problems = new Map<string, string>();
  /** Steps whose condition was true already when the run began. */
  private readonly trueAtStart = new Set<string>();

  /** `onFirings` is called at the instant of an event with all that happens by it. */
  constructor(
    cluster: Cluster,
    timeline: Timeline,
    onFirings: (firings: readonly Firing[]) => void,
  ) {
    this.cluster = cluster;
    this.timeline = timeline;
    this.onFirings = onFirings;
    this.arm(timeline.waiting);
  }

  /** Why the event of this step did not come; undefined for one that waits for none. */
  reasonFor({ id, when }: PlannedStep): string | undefined {
    if (!('on' in when)) return undefined;
    const problem = this.problems.get(id);
    if (problem !== undefined) return problem;
    const { name, args, nth, seenBy } = when.on;
    const phrase = triggerNamed(name).phrase(args);
    const where = seenBy === undefined ? '' : ` for ${ownerOf(seenBy)}`;
    const count = this.counts.get(id) ?? 0;
    if (count > 0) {
      const times = count === 1 ? 'once' : `${count} times`;
      return `it became so that ${phrase}${where} only ${times}, not ${nth} times`;
    }
    const already = this.trueAtStart.has(id) ? ', but was so from the start' : '';
    return `it never became so that ${phrase}${where}${already}`;
  }

  /** Waits for the events of those of the steps that wait for one. */
  arm(steps: readonly PlannedStep[]): void {
    for (const step of steps) if ('on' in step.when) this.listenFor(step);
  }

  /** In a fork, which has the state of its origin but none of its listeners. */
  rearm(): void {
    for (const step of this.timeline.waiting) {
      if (!this.problems.has(step.id)) this.listenFor(step);
    }
  }

  private listenFor(step: PlannedStep): void {
    const { on } = step.when as { readonly on: PlannedTrigger };
    try {
      const watch = triggerNamed(on.name).watch(this.cluster, on.args);
      if (this.isMetNow(watch)) this.trueAtStart.add(step.id);
      const owner = on.seenBy === undefined ? undefined : ownerOf(on.seenBy);
      for (const kind of watch.kinds) this.observe(kind, owner, step, watch);
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'UNKNOWN_TARGET') throw error;
      this.problems.set(step.id, (error as Error).message);
    }
  }

  private observe(
    kind: string,
    owner: string | undefined,
    step: PlannedStep,
    watch: TriggerWatch,
  ): void {
    const { api } = this.cluster;
    if (owner === undefined) {
      api.observeCommits((version, written) => {
        // The object of one that is made late is made for who is concerned with it alone.
        if (written !== kind) return;
        const { key, object, previous } = version;
        this.look(kind, { key, before: previous?.object, after: object }, step, watch);
      });
    } else if (!api.observeDeliveries(owner, kind, (seen) => this.look(kind, seen, step, watch))) {
      const owners = api.ownersOf(kind).join(', ');
      this.problems.set(
        step.id,
        `${owner} does not watch any ${kind}; those that do are ${owners}`,
      );
    }
  }

  private look(
    kind: string,
    { key, before, after }: Seen,
    step: PlannedStep,
    watch: TriggerWatch,
  ): void {
    if (!watch.concerns(kind, key) || watch.isMet(before) || !watch.isMet(after)) return;
    const { on } = step.when as { readonly on: PlannedTrigger };
    const count = (this.counts.get(step.id) ?? 0) + 1;
    this.counts.set(step.id, count);
    if (count !== on.nth) return;
    this.onFirings(this.timeline.fire(step.id, this.cluster.kernel.now));
  }

  private isMetNow({ kinds, concerns, isMet }: TriggerWatch): boolean {
    const { store } = this.cluster.api;
    return kinds.some((kind) =>
      [...store.list(kind)].some((object) => concerns(kind, keyOf(object)) && isMet(object)),
    );
  }
}

/** As the journal names it: `kube-proxy@worker-1`, `controller-manager/endpointslice`. */
function ownerOf({ component, node }: NonNullable<PlannedTrigger['seenBy']>): string {
  return node === undefined ? component : `${component}@${node}`;
}
