// Keeps the EndpointSlices of every Service with a selector in step with its pods.
// source: pkg/controller/endpointslice/endpointslice_controller.go;
//   staging/src/k8s.io/endpointslice/reconciler.go

import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../../apiserver/kinds/endpointslice';
import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import { zoneOf } from '../../apiserver/kinds/node';
import type { Node } from '../../apiserver/kinds/node';
import type { Pod } from '../../apiserver/kinds/pod';
import type { Service } from '../../apiserver/kinds/service';
import { equalJson } from '../../apiserver/json';
import type { Change } from '../../apiserver/informer';
import { LateSlice, NewSlice } from '../../apiserver/late-slice';
import type { Version } from '../../apiserver/store';
import { patternAfter } from '../../apiserver/late-pod';
import { podsIn } from '../../apiserver/pod-run';
import type { PodRun } from '../../apiserver/pod-run';
import type { Family } from '../../values/ip';
import { keyOf, splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { compareText } from '../../values/order';
import { ZERO } from '../../values/time';
import { defineController } from '../define';
import type { ControllerDefinition, ControllerLogic, Workplace } from '../define';
import { LabelIndex, NO_KEYS } from '../label-index';
import { NOBODY } from '../owner';
import type { Pass, Stored, Write } from '../pass';
import { SelectorIndex } from '../selector-index';
import { DesiredEndpoints } from './desired-endpoints';
import { ShownSlices } from './shown-slices';
import { LateDraft, lateSourceOf, MANAGER, NewText, objectOf } from './slice-draft';
import type { SliceDraft, SlicePlan } from './slice-draft';
import { concernsSlices } from './slice-endpoint';
import { newSliceKey } from './slice-name';
import { bringsReady, changeOf, effectOf, summaryOf } from './ready-change';
import { packSlices } from './slice-packing';
import { SliceTracker } from './slice-tracker';
import { cpuShares, hintByCpu } from './topology-aware-hints';
import { hintByDistribution } from './traffic-distribution';
import { TriggerTimes } from './trigger-times';

/** kube-controller-manager --max-endpoints-per-slice */
const ENDPOINTS_PER_SLICE = 100;
const GATHERS = 'controller-manager.endpointslice.updatesBatchPeriod';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
/** source: pkg/controller/endpointslice/endpointslice_controller.go maxRetries */
const ATTEMPTS = 15;

/** The controller with another `--max-endpoints-per-slice` than usual. */
export function endpointSliceController(max: number): ControllerDefinition {
  return defineController({
    name: 'endpointslice',
    kind: 'Service',
    latency: 'controller-manager.endpointslice.sync',
    retry: 'controller-manager.endpointslice.retry',
    attempts: ATTEMPTS,
    gathersDependents: true,
    create: (workplace) => new EndpointSliceLogic(workplace, max),
  });
}

export const endpointslice = endpointSliceController(ENDPOINTS_PER_SLICE);

class EndpointSliceLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  readonly comings: NonNullable<ControllerLogic['comings']>;
  readonly gathers = { Pod: GATHERS } as const;
  private readonly place: Workplace;
  private readonly max: number;
  private readonly podIndex = new LabelIndex();
  /** Whether none has changed since it came, as most of the time while a cluster settles. */
  private areAsTheyCame = true;
  /** Whether there was a pass: before the first one, each Service that has come waits for one. */
  private hasBegun = false;
  /** Of the Services that are there, from the first question for one of them on. */
  private services: SelectorIndex | undefined;
  private readonly slices = new ShownSlices();
  private readonly tracker = new SliceTracker();
  private readonly triggerTimes = new TriggerTimes();
  private readonly desired = new DesiredEndpoints();
  /** Services whose hints could not be given because of the nodes. */
  private readonly unhinted = new Set<ObjectKey>();
  private shares: ReadonlyMap<string, number> | undefined;
  private sharesAreStale = true;

  constructor(workplace: Workplace, max: number) {
    this.place = workplace;
    this.max = max;
    this.watches = {
      EndpointSlice: (change) => this.onSlice(change),
      Node: (change) => this.onNode(change),
      Pod: (change) => this.onPod(change),
      Service: (change) => this.onService(change),
    };
    this.comings = { Pod: (run) => this.onRun(run) };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    this.hasBegun = true;
    const service = this.place.view.get('Service', key) as Service | undefined;
    if (service === undefined) {
      // Its slices go with their owner: the garbage collector deletes them.
      this.tracker.forget(key);
      this.triggerTimes.forget(key);
      this.desired.forget(key);
      return;
    }
    // Without a selector somebody else writes the endpoints; a name elsewhere has none.
    if (!service.spec.selector || service.spec.type === 'ExternalName') return;
    const existing = this.slicesOf(key);
    if (this.tracker.isStale(key, existing)) {
      pass.fail('its informer shows slices that are older than its own last write');
      return;
    }
    const pods = this.podsOf(service);
    const triggerTime = this.triggerTimes.earliestChange(key, service, pods);
    // The API server has given every Service its families.
    const { ipFamilies: families = [] } = service.spec;
    const plans = families.map((family) => this.plan(service, family, pods, existing, pass));
    const orphans = orphansAmong(existing, families);
    this.write(service, plans, orphans, triggerTime, pass);
    if (pass.isIdle) return;
    if (existing.length === 0 && this.place.kernel.isBeforeStart) {
      // Nobody reads the summary of what a cluster settles with.
      if (plans.some(bringsReady)) pass.effect = 'gain';
      return;
    }
    const change = changeOf(existing, plans);
    const effect = effectOf(change);
    if (effect !== undefined) pass.effect = effect;
    pass.summary = summaryOf(change);
  }

  answered(write: Write, result: string, storedBy: Stored): void {
    if (write.object instanceof NewSlice) {
      if (result === 'ok') this.tracker.wroteFirst(write.object);
      return;
    }
    this.tracker.answered(write.key);
    if (result !== 'ok') return;
    if (write.verb === 'delete') {
      const service = serviceOf(this.place.view.get('EndpointSlice', write.key));
      if (service !== undefined) this.tracker.removed(service, write.key);
      return;
    }
    const stored = storedBy.version(write.kind, write.key)?.object;
    if (stored !== undefined) this.tracker.wrote(serviceOf(stored)!, stored);
  }

  reset(): void {
    this.podIndex.clear();
    this.areAsTheyCame = true;
    this.services = undefined;
    this.slices.clear();
    this.tracker.clear();
    this.triggerTimes.clear();
    this.desired.clear();
    this.unhinted.clear();
    this.sharesAreStale = true;
  }

  private onService({ key, before, after }: Change): readonly ObjectKey[] {
    const was = (before as Service | undefined)?.spec.selector;
    const is = (after as Service | undefined)?.spec.selector;
    if (was !== is) this.services?.update(splitKey(key).namespace, key, is);
    return [key];
  }

  private onPod(change: Change): readonly ObjectKey[] {
    const { key, before } = change;
    // The coming of a pod concerns the Services of its labels, whatever else it has.
    const after = patternAfter(change);
    if (before !== undefined) this.areAsTheyCame = false;
    const { namespace = '' } = (after ?? before)!.metadata;
    const had = labelsOf(before);
    const has = labelsOf(after);
    this.podIndex.update(namespace, key, had, has);
    if (!concernsSlices(before as Pod | undefined, after as Pod | undefined)) return NOBODY;
    if (before === undefined && this.areWaiting) return NOBODY;
    const selecting = this.serviceIndex.selecting(namespace, has);
    if (had === undefined || had === has) return selecting;
    const services = [...this.serviceIndex.selecting(namespace, had), ...selecting];
    return [...new Set(services.sort(compareText))];
  }

  /** Pods of one template concern the Services of their labels, whatever else they have. */
  private onRun(run: PodRun): readonly ObjectKey[] {
    const { namespace = '', labels = NO_LABELS } = run.pattern.metadata;
    this.podIndex.addRun(namespace, run, labels);
    return this.areWaiting ? NOBODY : this.serviceIndex.selecting(namespace, labels);
  }

  /** Whether all Services wait for a pass already, so that they need not be found. */
  private get areWaiting(): boolean {
    const { kernel, timing, actor } = this.place;
    return !this.hasBegun && kernel.isBeforeStart && timing.wait(GATHERS, actor) === ZERO;
  }

  private get serviceIndex(): SelectorIndex {
    if (this.services !== undefined) return this.services;
    this.services = new SelectorIndex();
    for (const service of this.place.view.list('Service') as Iterable<Service>) {
      const { namespace = '' } = service.metadata;
      this.services.update(namespace, keyOf(service), service.spec.selector);
    }
    return this.services;
  }

  private onNode(change: Change): readonly ObjectKey[] {
    this.desired.onNode(change);
    const { before, after } = change;
    if (!concernsShares(before as Node | undefined, after as Node | undefined)) return NOBODY;
    this.sharesAreStale = true;
    return [...this.unhinted].sort(compareText);
  }

  /** Somebody else has touched a slice: the Service is looked at again, but not in a hurry. */
  private onSlice(change: Change): readonly ObjectKey[] {
    const { key, lateSlice } = change;
    // Nobody else writes such a slice, and it comes as it was asked for.
    if (lateSlice !== undefined) {
      this.slices.moved(key, undefined, lateSlice.text.owner);
      return NOBODY;
    }
    const { before, after } = change;
    const was = isManaged(before) ? serviceOf(before) : undefined;
    const is = isManaged(after) ? serviceOf(after) : undefined;
    this.slices.moved(key, was, is);
    const service = after === undefined ? was : is;
    if (service === undefined) return NOBODY;
    const isForeign =
      after === undefined
        ? !this.tracker.sawDeletion(service, key)
        : this.tracker.isForeign(service, after);
    if (!isForeign) return NOBODY;
    const timer = 'controller-manager.endpointslice.minSyncDelay';
    const delay = this.place.timing.draw(timer, this.place.actor);
    // What it has asked for itself needs no second look.
    const isOwn = after !== undefined && this.isAsAsked(after, key);
    if (!isOwn) this.place.queue.addAfter(service, delay, timer);
    return NOBODY;
  }

  private isAsAsked(slice: KubeObject, key: ObjectKey): boolean {
    if (this.tracker.isAsAsked(slice, key)) return true;
    return slice instanceof LateSlice && slice.metadata.generation === 1 && this.writesAtOnce;
  }

  /** Frozen, because the next pass compares its own with them. */
  private podsOf({ metadata, spec }: Service): readonly Version[] {
    const { selector = {} } = spec;
    const { namespace = '' } = metadata;
    const runs = this.areAsTheyCame ? this.podIndex.runsMatching(namespace, selector) : undefined;
    if (runs !== undefined) return podsIn(runs);
    const keys = this.podIndex.matching(namespace, selector);
    return keys === NO_KEYS ? NO_PODS : Object.freeze(this.place.view.versions('Pod', keys));
  }

  private slicesOf(service: ObjectKey): readonly EndpointSlice[] {
    const keys = this.slices.of(service);
    return keys === NOBODY
      ? NO_SLICES
      : (this.place.view.getAll('EndpointSlice', keys) as EndpointSlice[]);
  }

  private plan(
    service: Service,
    family: Family,
    pods: readonly Version[],
    existing: readonly EndpointSlice[],
    pass: Pass,
  ): SlicePlan {
    const desired = this.desired.of(service, family, pods, pass);
    const own = ofFamily(existing, family);
    const plan = packSlices({ service, family, desired, existing: own, max: this.max });
    this.hint(pass.key, service, plan);
    return plan;
  }

  /** The annotation wins over the field. */
  private hint(key: ObjectKey, service: Service, plan: SlicePlan): void {
    const { kernel, actor, timing } = this.place;
    const version = timing.versions.of(actor);
    const mode = service.metadata.annotations?.[TOPOLOGY_MODE];
    if (mode?.toLowerCase() !== 'auto') {
      this.unhinted.delete(key);
      hintByDistribution(plan, service.spec.trafficDistribution, version);
      return;
    }
    const disabled = hintByCpu(plan, this.cpuShares());
    if (disabled === undefined) {
      this.unhinted.delete(key);
      return;
    }
    this.unhinted.add(key);
    hintByDistribution(plan, undefined, version);
    kernel.note(actor, 'TopologyAwareHintsDisabled', `Service/${key}`, disabled);
  }

  private cpuShares(): ReadonlyMap<string, number> | undefined {
    if (this.sharesAreStale)
      this.shares = cpuShares(this.place.view.list('Node') as Iterable<Node>);
    this.sharesAreStale = false;
    return this.shares;
  }

  /** Whether writes take no time, so that an informer is told of one before the answer is there. */
  private get writesAtOnce(): boolean {
    const { kernel, timing } = this.place;
    return kernel.isBeforeStart && timing.uniform('apiserver.write') === ZERO;
  }

  /** A slice that nobody has read before the start is put together when somebody does. */
  private create(
    draft: SliceDraft,
    service: Service,
    triggerTime: number | undefined,
    pass: Pass,
  ): void {
    const { kernel } = this.place;
    const key = newSliceKey(this.place, 'endpointslice', pass.key);
    if (kernel.isBeforeStart && draft instanceof LateDraft && lateSourceOf(draft) !== undefined) {
      pass.create(new NewSlice(key, new NewText(pass.key, draft, triggerTime)), 1, key);
      return;
    }
    pass.create(objectOf(draft, service, splitKey(key).name, triggerTime), 1, key);
    if (this.writesAtOnce) this.tracker.asksFor(key);
  }

  /** Writes go out one after the other, as the client of upstream sends them. */
  private write(
    service: Service,
    plans: readonly SlicePlan[],
    orphans: readonly EndpointSlice[],
    triggerTime: number | undefined,
    pass: Pass,
  ): void {
    for (const plan of plans) {
      for (const draft of plan.create) {
        pass.then();
        this.create(draft, service, triggerTime, pass);
      }
      for (const draft of plan.update) {
        pass.then();
        pass.replace(objectOf(draft, service, draft.base!.metadata.name, triggerTime));
      }
      for (const slice of plan.remove) {
        pass.then();
        pass.delete(slice);
      }
    }
    for (const slice of orphans) {
      pass.then();
      pass.delete(slice);
    }
  }
}

const NO_LABELS: Labels = {};
const NO_PODS: readonly Version[] = Object.freeze([]);
const NO_SLICES: readonly EndpointSlice[] = Object.freeze([]);

function labelsOf(object: KubeObject | undefined): Labels | undefined {
  return object && (object.metadata.labels ?? NO_LABELS);
}

/** Whether the share of CPU that each zone has may be another by a change of a node. */
function concernsShares(before: Node | undefined, after: Node | undefined): boolean {
  if (before === undefined || after === undefined) return before !== after;
  return (
    zoneOf(before) !== zoneOf(after) ||
    !equalJson(before.status?.allocatable, after.status?.allocatable) ||
    !equalJson(before.status?.conditions, after.status?.conditions)
  );
}

function isManaged(slice: KubeObject | undefined): boolean {
  return slice?.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER;
}

function serviceOf(slice: KubeObject | undefined): ObjectKey | undefined {
  const name = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${slice!.metadata.namespace ?? ''}/${name}`;
}

/** Most Services have slices of one family alone. */
function ofFamily(slices: readonly EndpointSlice[], family: Family): readonly EndpointSlice[] {
  const isOwn = ({ addressType }: EndpointSlice): boolean => addressType === family;
  return slices.every(isOwn) ? slices : slices.filter(isOwn);
}

/** Slices of a family that the Service has no more. */
function orphansAmong(
  slices: readonly EndpointSlice[],
  families: readonly Family[],
): readonly EndpointSlice[] {
  return slices.filter(({ addressType }) => !families.includes(addressType as Family));
}
