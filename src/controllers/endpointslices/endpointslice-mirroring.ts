// Mirrors Endpoints that somebody has written for a Service without a selector into EndpointSlices:
// proxies read slices alone.
// source: pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller,reconciler}.go

import type { Change } from '../../apiserver/informer';
import { equalJson } from '../../apiserver/json';
import type { EndpointAddress, Endpoints, EndpointSubset } from '../../apiserver/kinds/endpoints';
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from '../../apiserver/kinds/endpointslice';
import type { EndpointSlice, SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import type { Service } from '../../apiserver/kinds/service';
import { familyOf, parseIp } from '../../values/ip';
import { splitKey } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { defineController } from '../define';
import type { ControllerLogic, Workplace } from '../define';
import { repackSubsets } from '../endpoint-subsets';
import { controllerReference } from '../owner';
import type { Pass, Stored, Write } from '../pass';
import { portsKey, TRIGGER_TIME } from './slice-draft';
import { newSliceKey } from './slice-name';
import { SliceTracker } from './slice-tracker';

export const MANAGER = 'endpointslicemirroring-controller.k8s.io';
const SKIP_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
/** Endpoints that leaders once wrote their leases into. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader';
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** kube-controller-manager --mirroring-max-endpoints-per-subset */
const MOST = 1_000;
/** source: endpointslicemirroring_controller.go maxRetries */
const ATTEMPTS = 15;

export const endpointsliceMirroring = defineController({
  name: 'endpointslicemirroring',
  kind: 'Endpoints',
  retry: 'controller-manager.endpointslice.retry',
  retryMax: 'controller-manager.endpointslicemirroring.retryMax',
  attempts: ATTEMPTS,
  create: (workplace) => new MirroringLogic(workplace),
});

/** What one slice is to hold: one family, one list of ports. */
interface Mirror {
  readonly addressType: 'IPv4' | 'IPv6';
  readonly ports: readonly SlicePort[];
  readonly endpoints: SliceEndpoint[];
}

class MirroringLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  private readonly tracker = new SliceTracker();
  /** Slices of this controller by the key of their Endpoints. */
  private readonly slices = new Map<ObjectKey, Set<ObjectKey>>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    this.watches = {
      Endpoints: ({ key, before, after }) =>
        [before, after].some((it) => isMirrored(it)) ? [key] : [],
      EndpointSlice: (change) => this.onSlice(change),
      Service: (change) => this.onService(change),
    };
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const { view } = this.place;
    const endpoints = view.get('Endpoints', key) as Endpoints | undefined;
    const service = view.get('Service', key) as Service | undefined;
    const existing = this.slicesOf(key);
    if (this.tracker.isStale(key, existing)) {
      pass.fail('its informer shows slices that are older than its own last write');
      return;
    }
    const isOurs = isMirrored(endpoints) && service !== undefined && !service.spec.selector;
    const wanted = isOurs ? mirrorsOf(endpoints!) : new Map<string, Mirror>();
    const left = new Map(wanted);
    for (const slice of existing) {
      const mirror = left.get(keyOfSlice(slice));
      if (mirror === undefined) {
        pass.effect = 'loss';
        pass.delete(slice);
        continue;
      }
      left.delete(keyOfSlice(slice));
      const next = sliceOf(endpoints!, mirror, slice.metadata.name, slice);
      if (equalJson(next, { ...next, ...slice })) continue;
      pass.effect = mirror.endpoints.length < slice.endpoints.length ? 'loss' : 'gain';
      pass.replace(next);
    }
    for (const mirror of left.values()) {
      pass.effect = 'gain';
      const slice = newSliceKey(this.place, this.place.actor, key);
      pass.create(sliceOf(endpoints!, mirror, splitKey(slice).name));
    }
    pass.summary = `${wanted.size} slices mirror it`;
  }

  answered(write: Write, result: string, storedBy: Stored): void {
    if (result !== 'ok') return;
    const stored = storedBy.version(write.kind, write.key)?.object;
    const owner = ownerOf(stored ?? this.place.view.get('EndpointSlice', write.key));
    if (owner === undefined) return;
    if (write.verb === 'delete') this.tracker.removed(owner, write.key);
    else if (stored !== undefined) this.tracker.wrote(owner, stored);
  }

  reset(): void {
    this.tracker.clear();
    this.slices.clear();
  }

  /** A Service that gains or loses its selector, comes or goes. */
  private onService({ key, before, after }: Change): readonly ObjectKey[] {
    const hasSelector = (it: KubeObject | undefined) =>
      (it as Service)?.spec.selector !== undefined;
    if (before !== undefined && after !== undefined) {
      return hasSelector(before) === hasSelector(after) ? [] : [key];
    }
    return hasSelector(after ?? before) ? [] : [key];
  }

  /** Somebody else has touched a slice: its Endpoints are looked at again. */
  private onSlice(change: Change): readonly ObjectKey[] {
    // One that is made late is of the controller of Services with a selector.
    if (change.lateSlice !== undefined) return [];
    const { key, before, after } = change;
    const owner = ownerOf(after ?? before);
    if (owner === undefined) return [];
    const known = this.slices.get(owner) ?? new Set<ObjectKey>();
    this.slices.set(owner, known);
    if (after === undefined) known.delete(key);
    else known.add(key);
    const isForeign =
      after === undefined
        ? !this.tracker.sawDeletion(owner, key)
        : this.tracker.isForeign(owner, after);
    return isForeign ? [owner] : [];
  }

  private slicesOf(owner: ObjectKey): EndpointSlice[] {
    return [...(this.slices.get(owner) ?? [])].flatMap(
      (key) => (this.place.view.get('EndpointSlice', key) as EndpointSlice | undefined) ?? [],
    );
  }
}

function isMirrored(object: KubeObject | undefined): boolean {
  if (object === undefined) return false;
  const { labels = {}, annotations = {} } = object.metadata;
  return labels[SKIP_LABEL] !== 'true' && annotations[LEADER] === undefined;
}

/** The key of the Endpoints that a slice of this controller mirrors. */
function ownerOf(slice: KubeObject | undefined): ObjectKey | undefined {
  const { labels = {}, namespace } = slice?.metadata ?? {};
  const name = labels[SERVICE_NAME_LABEL];
  if (labels[MANAGED_BY_LABEL] !== MANAGER || name === undefined) return undefined;
  return `${namespace}/${name}`;
}

function keyOfSlice({
  addressType,
  ports = [],
}: Omit<Mirror, 'endpoints'> | EndpointSlice): string {
  return `${addressType} ${portsKey(ports)}`;
}

/** Of each subset the first thousand addresses, those that are ready first. */
function mirrorsOf({ subsets = [] }: Endpoints): Map<string, Mirror> {
  const mirrors = new Map<string, Mirror>();
  for (const subset of repackSubsets(subsets)) {
    const ports = portsOf(subset);
    const all = [
      ...(subset.addresses ?? []).map((it) => endpointOf(it, true)),
      ...(subset.notReadyAddresses ?? []).map((it) => endpointOf(it, false)),
    ];
    const valid = all.filter(({ addresses: [it] }) => parseIp(it!) !== undefined);
    for (const given of valid.slice(0, MOST)) {
      const address = parseIp(given.addresses[0]!)!;
      const endpoint = { ...given, addresses: [address] };
      const addressType = familyOf(address);
      const key = keyOfSlice({ addressType, ports });
      const mirror = mirrors.get(key) ?? { addressType, ports, endpoints: [] };
      mirrors.set(key, mirror);
      const isKnown = mirror.endpoints.some((it) => it.addresses[0] === endpoint.addresses[0]);
      if (!isKnown) mirror.endpoints.push(endpoint);
    }
  }
  return mirrors;
}

function portsOf({ ports = [] }: EndpointSubset): SlicePort[] {
  return ports.map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
    name,
    port,
    protocol,
    ...(appProtocol !== undefined && { appProtocol }),
  }));
}

/** Of conditions, readiness alone is known. */
function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean) {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname !== undefined && { hostname }),
    ...(nodeName !== undefined && { nodeName }),
    ...(targetRef !== undefined && { targetRef }),
  };
}

/** A slice of the mirror; `base` is what stands there. */
function sliceOf(
  endpoints: Endpoints,
  mirror: Mirror,
  name: string,
  base?: EndpointSlice,
): EndpointSlice {
  const { namespace, labels = {} } = endpoints.metadata;
  const dropped = [TRIGGER_TIME, LAST_APPLIED];
  const annotations: Labels = Object.fromEntries(
    Object.entries(endpoints.metadata.annotations ?? {}).filter(([key]) => !dropped.includes(key)),
  );
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...base?.metadata,
      name,
      ...(namespace !== undefined && { namespace }),
      labels: {
        ...labels,
        [SERVICE_NAME_LABEL]: endpoints.metadata.name,
        [MANAGED_BY_LABEL]: MANAGER,
      },
      annotations,
      ownerReferences: [controllerReference(endpoints)],
    },
    ...mirror,
  };
}
