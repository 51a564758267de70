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
import type { Effect } from '../../timing';
import type { Family } from '../../values/ip';
import { keyOf, splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { matchesLabels } from '../../values/labels';
import { compareText } from '../../values/order';
import { defineController } from '../define';
import type { ControllerDefinition, ControllerLogic, Workplace } from '../define';
import { LabelIndex } from '../label-index';
import type { Pass, Write } from '../pass';
import { SelectorIndex } from '../selector-index';
import { MANAGER, objectOf, portsKey } from './slice-draft';
import type { SliceDraft, SlicePlan } from './slice-draft';
import {
  addressesOfFamily,
  endpointOf,
  endpointPart,
  identityOf,
  isEndpoint,
  portsOf,
} from './slice-endpoint';
import { newSliceName } from './slice-name';
import { packSlices } from './slice-packing';
import type { DesiredGroup } from './slice-packing';
import { SliceTracker } from './slice-tracker';
import { cpuShares, hintByCpu } from './topology-aware-hints';
import { hintByDistribution, isReady } from './traffic-distribution';
import { TriggerTimes } from './trigger-times';

/** kube-controller-manager --max-endpoints-per-slice */
const ENDPOINTS_PER_SLICE = 100;
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
    create: (workplace) => new EndpointSliceLogic(workplace, max),
  });
}

export const endpointslice = endpointSliceController(ENDPOINTS_PER_SLICE);

class EndpointSliceLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  readonly gathers = { Pod: 'controller-manager.endpointslice.updatesBatchPeriod' } as const;
  private readonly place: Workplace;
  private readonly max: number;
  private readonly podIndex = new LabelIndex();
  private readonly serviceIndex = new SelectorIndex();
  /** Slices of this controller by Service. */
  private readonly slices = new Map<ObjectKey, Set<ObjectKey>>();
  private readonly tracker = new SliceTracker();
  private readonly triggerTimes = new TriggerTimes();
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
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const service = this.place.view.get('Service', key) as Service | undefined;
    if (service === undefined) {
      // Its slices go with their owner: the garbage collector deletes them.
      this.tracker.forget(key);
      this.triggerTimes.forget(key);
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
    const triggerTime = this.triggerTimes.earliestChange(service, pods);
    // The API server has given every Service its families.
    const { ipFamilies: families = [] } = service.spec;
    const plans = families.map((family) => this.plan(service, family, pods, existing, pass));
    const orphans = existing.filter(({ addressType }) => !families.includes(addressType as Family));
    this.write(service, plans, orphans, triggerTime, pass);
    const [before, after] = [
      existing,
      plans.flatMap((plan) => [...plan.create, ...plan.update, ...plan.unchanged]),
    ];
    const effect = effectOf(before, after);
    if (effect !== undefined) pass.effect = effect;
    pass.summary = summaryOf(before, after);
  }

  answered(write: Write, result: string, stored: KubeObject | undefined): void {
    if (result !== 'ok') return;
    if (write.verb === 'delete') {
      const service = serviceOf(this.place.view.get('EndpointSlice', write.key));
      if (service !== undefined) this.tracker.removed(service, write.key);
    } else if (stored !== undefined) {
      this.tracker.wrote(serviceOf(stored)!, stored);
    }
  }

  reset(): void {
    this.podIndex.clear();
    this.serviceIndex.clear();
    this.slices.clear();
    this.tracker.clear();
    this.triggerTimes.clear();
    this.unhinted.clear();
    this.sharesAreStale = true;
  }

  private onService({ key, after }: Change): Iterable<ObjectKey> {
    const { namespace } = splitKey(key);
    this.serviceIndex.update(namespace, key, (after as Service | undefined)?.spec.selector);
    return [key];
  }

  private onPod({ key, before, after }: Change): Iterable<ObjectKey> {
    const { namespace } = splitKey(key);
    const [had, has] = [labelsOf(before), labelsOf(after)];
    this.podIndex.update(namespace, key, had, has);
    if (equalJson(endpointPart(before), endpointPart(after))) return [];
    const selecting = this.serviceIndex.selecting(namespace, has);
    if (had === has) return selecting;
    const services = [...this.serviceIndex.selecting(namespace, had), ...selecting];
    return new Set(services.sort(compareText));
  }

  private onNode({ before, after }: Change): Iterable<ObjectKey> {
    const part = (node: KubeObject | undefined) =>
      node && [zoneOf(node), (node as Node).status?.allocatable, (node as Node).status?.conditions];
    if (equalJson(part(before), part(after))) return [];
    this.sharesAreStale = true;
    return [...this.unhinted].sort(compareText);
  }

  /** Somebody else has touched a slice: the Service is looked at again, but not in a hurry. */
  private onSlice({ key, before, after }: Change): Iterable<ObjectKey> {
    for (const [slice, isThere] of [
      [before, false],
      [after, true],
    ] as const) {
      const service = isManaged(slice) ? serviceOf(slice) : undefined;
      if (service === undefined) continue;
      const known = this.slices.get(service) ?? new Set();
      this.slices.set(service, known);
      if (isThere) known.add(key);
      else known.delete(key);
    }
    const service = serviceOf(after ?? before);
    if (service === undefined || !isManaged(after ?? before)) return [];
    const isForeign =
      after === undefined
        ? !this.tracker.sawDeletion(service, key)
        : this.tracker.isForeign(service, after);
    if (!isForeign) return [];
    const timer = 'controller-manager.endpointslice.minSyncDelay';
    this.place.queue.addAfter(service, this.place.timing.draw(timer, this.place.actor), timer);
    return [];
  }

  private podsOf(service: Service): Pod[] {
    const { selector = {} } = service.spec;
    const pods: Pod[] = [];
    for (const key of this.podIndex.candidates(service.metadata.namespace ?? '', selector)) {
      const pod = this.place.view.get('Pod', key) as Pod | undefined;
      if (pod !== undefined && matchesLabels(pod.metadata.labels, selector)) pods.push(pod);
    }
    return pods;
  }

  private slicesOf(service: ObjectKey): EndpointSlice[] {
    const slices: EndpointSlice[] = [];
    for (const key of this.slices.get(service) ?? []) {
      const slice = this.place.view.get('EndpointSlice', key);
      if (slice !== undefined) slices.push(slice as EndpointSlice);
    }
    return slices;
  }

  private plan(
    service: Service,
    family: Family,
    pods: readonly Pod[],
    existing: readonly EndpointSlice[],
    pass: Pass,
  ): SlicePlan {
    const desired = new Map<string, DesiredGroup>();
    for (const pod of pods) {
      if (!isEndpoint(pod) || addressesOfFamily(pod, family).length === 0) continue;
      const ports = portsOf(service, pod);
      const key = portsKey(ports);
      const group = desired.get(key) ?? { ports, endpoints: new Map() };
      desired.set(key, group);
      const node = this.place.view.get('Node', pod.spec.nodeName ?? '');
      if (node === undefined && !service.spec.publishNotReadyAddresses) {
        pass.fail(`node ${pod.spec.nodeName} of pod ${keyOf(pod)} is not there`);
        continue;
      }
      const endpoint = endpointOf(pod, node, service, family);
      group.endpoints.set(identityOf(endpoint), endpoint);
    }
    const slices = existing.filter(({ addressType }) => addressType === family);
    const plan = packSlices({ service, family, desired, existing: slices, max: this.max });
    this.hint(service, plan);
    return plan;
  }

  /** The annotation wins over the field. */
  private hint(service: Service, plan: SlicePlan): void {
    const { kernel, actor, timing } = this.place;
    const version = timing.versions.of(actor);
    const key = keyOf(service);
    if (String(service.metadata.annotations?.[TOPOLOGY_MODE]).toLowerCase() !== 'auto') {
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

  /** Writes go out one after the other, as the client of upstream sends them. */
  private write(
    service: Service,
    plans: readonly SlicePlan[],
    orphans: readonly EndpointSlice[],
    triggerTime: number | undefined,
    pass: Pass,
  ): void {
    const { namespace = '', name } = service.metadata;
    for (const plan of plans) {
      for (const draft of plan.create) {
        pass.then();
        const fresh = newSliceName(this.place, 'endpointslice', namespace, name);
        pass.create(objectOf(draft, service, fresh, triggerTime));
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

function labelsOf(object: KubeObject | undefined): Readonly<Record<string, string>> | undefined {
  return object && (object.metadata.labels ?? {});
}

function isManaged(slice: KubeObject | undefined): boolean {
  return slice?.metadata.labels?.[MANAGED_BY_LABEL] === MANAGER;
}

function serviceOf(slice: KubeObject | undefined): ObjectKey | undefined {
  const name = slice?.metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${slice!.metadata.namespace ?? ''}/${name}`;
}

type Holder = Pick<SliceDraft, 'endpoints'> | EndpointSlice;

function readyAddresses(slices: readonly Holder[]): Set<string> {
  const ready = slices.flatMap(({ endpoints }) => endpoints.filter(isReady));
  return new Set(ready.flatMap(({ addresses }) => addresses));
}

/** Traffic loses by a change that takes ready endpoints away and brings none. */
function effectOf(before: readonly Holder[], after: readonly Holder[]): Effect | undefined {
  const [had, has] = [readyAddresses(before), readyAddresses(after)];
  if ([...has].some((address) => !had.has(address))) return 'gain';
  return [...had].some((address) => !has.has(address)) ? 'loss' : undefined;
}

function summaryOf(before: readonly Holder[], after: readonly Holder[]): string {
  const [had, has] = [readyAddresses(before), readyAddresses(after)];
  const added = [...has].filter((address) => !had.has(address));
  const removed = [...had].filter((address) => !has.has(address));
  const parts = [...added.map((it) => `+${it}`), ...removed.map((it) => `-${it}`)];
  const change = parts.length === 0 ? '' : ` (${parts.slice(0, 6).join(' ')})`;
  return `${has.size} ready${change}`;
}
