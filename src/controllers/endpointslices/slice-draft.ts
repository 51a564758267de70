// A slice while it is being worked on: what stands in the API, and what it is to become.

import {
  HEADLESS_LABEL,
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
} from '../../apiserver/kinds/endpointslice';
import type { EndpointSlice, SliceEndpoint, SlicePort } from '../../apiserver/kinds/endpointslice';
import { isHeadless } from '../../apiserver/kinds/service';
import type { Service } from '../../apiserver/kinds/service';
import { equalJson } from '../../apiserver/json';
import { LateSlice } from '../../apiserver/late-slice';
import type { EndpointSource, SliceText } from '../../apiserver/late-slice';
import type { Family } from '../../values/ip';
import { copyWith, deepFreeze } from '../../values/kube-object';
import type { KubeObject, ObjectKey, ObjectMeta } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import { compareText } from '../../values/order';
import { controllerOf, controllerReference } from '../owner';

export const MANAGER = 'endpointslice-controller.k8s.io';
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time';

const RESERVED: readonly string[] = [HEADLESS_LABEL, MANAGED_BY_LABEL, SERVICE_NAME_LABEL];

/** Mutable while a pass reckons; `base` is undefined for a slice that is yet to be created. */
export interface SliceDraft {
  base: EndpointSlice | undefined;
  readonly family: Family;
  readonly ports: readonly SlicePort[];
  readonly labels: Labels;
  endpoints: readonly SliceEndpoint[];
}

/** What endpoints are put together from of which it is known whether one is ready. */
export interface KnownSource extends EndpointSource {
  readonly hasReady: boolean;
}

/** There are no endpoints. */
export const NO_ENDPOINTS: KnownSource = deepFreeze({
  ports: [],
  list: [],
  reached: [],
  hasReady: false,
});

/** A new slice that is to hold all endpoints there are, of which nobody has read any. */
export class LateDraft implements SliceDraft {
  base: EndpointSlice | undefined = undefined;
  readonly service: Service;
  readonly family: Family;
  readonly source: KnownSource;
  private given: readonly SliceEndpoint[] | undefined = undefined;

  constructor(service: Service, family: Family, source: KnownSource) {
    this.service = service;
    this.family = family;
    this.source = source;
  }

  get labels(): Labels {
    return labelsOf(this.service);
  }

  /** Whether it is to hold others by now: the same with hints. */
  get isRead(): boolean {
    return this.given !== undefined;
  }

  get ports(): readonly SlicePort[] {
    return this.source.ports;
  }

  get endpoints(): readonly SliceEndpoint[] {
    return this.given ?? this.source.list;
  }

  set endpoints(endpoints: readonly SliceEndpoint[]) {
    this.given = endpoints;
  }
}

/** What the endpoints of the slice are put together from, where nobody has read any. */
export function lateSourceOf(draft: SliceDraft): KnownSource | undefined {
  return draft instanceof LateDraft && !draft.isRead ? draft.source : undefined;
}

/** What is to be done for one Service. */
export interface SlicePlan {
  readonly create: SliceDraft[];
  readonly update: SliceDraft[];
  readonly remove: EndpointSlice[];
  readonly unchanged: SliceDraft[];
}

export function newDraft(
  service: Service,
  family: Family,
  ports: readonly SlicePort[],
): SliceDraft {
  return { base: undefined, family, ports, labels: labelsOf(service), endpoints: [] };
}

/** A slice as it stands, with the labels that it is to have. */
export function draftOf(slice: EndpointSlice, service: Service): SliceDraft {
  return {
    base: slice,
    family: slice.addressType as Family,
    ports: slice.ports ?? [],
    labels: labelsOf(service),
    endpoints: slice.endpoints,
  };
}

export function hasStaleLabels({ base, labels }: SliceDraft): boolean {
  return !equalJson(base?.metadata.labels ?? {}, labels);
}

const known = new WeakMap<Service, Labels>();

/** The labels of every slice of the Service. */
function labelsOf(service: Service): Labels {
  let labels = known.get(service);
  if (labels === undefined) known.set(service, (labels = readLabels(service)));
  return labels;
}

/** The Service's own labels, without those that the controller reserves, and these. */
function readLabels(service: Service): Labels {
  const { name, labels: given = {} } = service.metadata;
  const labels: Record<string, string> = {};
  for (const key of Object.keys(given)) if (!RESERVED.includes(key)) labels[key] = given[key]!;
  if (isHeadless(service)) labels[HEADLESS_LABEL] = '';
  labels[SERVICE_NAME_LABEL] = name;
  labels[MANAGED_BY_LABEL] = MANAGER;
  return Object.freeze(labels);
}

export function isOwnedBy(slice: EndpointSlice, service: Service): boolean {
  return controllerOf(slice)?.uid === service.metadata.uid;
}

/** The same text for the same set of ports. */
export function portsKey(ports: readonly SlicePort[]): string {
  let key = portsKeys.get(ports);
  if (key === undefined) portsKeys.set(ports, (key = readPortsKey(ports)));
  return key;
}

/** Lists of ports live as long as the slices and Services that hold them, and never change. */
const portsKeys = new WeakMap<readonly SlicePort[], string>();

function readPortsKey(ports: readonly SlicePort[]): string {
  return ports
    .map(({ name = '', protocol = 'TCP', port, appProtocol = '' }) =>
      [name, protocol, port, appProtocol].join('|'),
    )
    .sort(compareText)
    .join(';');
}

/** The object of a draft; `triggerTime` is when the cause of the change happened, if known. */
export function objectOf(
  draft: SliceDraft,
  service: Service,
  name: string,
  triggerTime: number | undefined,
): KubeObject {
  const { base, family: addressType, ports, labels } = draft;
  const annotations = annotationsOf(base, triggerTime);
  const given = base?.metadata ?? freshMetadata(service, name);
  const ownerReferences = ownersOf(service);
  const metadata = copyWith(given, { labels, annotations, ownerReferences });
  const source = base === undefined ? lateSourceOf(draft) : undefined;
  if (source !== undefined) return new LateSlice(deepFreeze(metadata), addressType, source);
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata,
    addressType,
    ports,
    endpoints: draft.endpoints,
  };
}

/** What a new slice of a Service says whose endpoints nobody has read. */
export class NewText implements SliceText {
  readonly owner: ObjectKey;
  readonly family: Family;
  readonly source: EndpointSource;
  private readonly service: Service;
  private readonly triggerTime: number | undefined;

  /** `owner`: the key of the Service. */
  constructor(owner: ObjectKey, draft: LateDraft, triggerTime: number | undefined) {
    this.owner = owner;
    this.family = draft.family;
    this.source = draft.source;
    this.service = draft.service;
    this.triggerTime = triggerTime;
    Object.freeze(this);
  }

  metadataOf(name: string): ObjectMeta {
    const { service, triggerTime } = this;
    const labels = labelsOf(service);
    const annotations = annotationsOf(undefined, triggerTime);
    const ownerReferences = ownersOf(service);
    return copyWith(freshMetadata(service, name), { labels, annotations, ownerReferences });
  }
}

function ownersOf(service: Service): ObjectMeta['ownerReferences'] {
  return [copyWith(controllerReference(service), { blockOwnerDeletion: true })];
}

function freshMetadata({ metadata }: Service, name: string): ObjectMeta {
  const { namespace } = metadata;
  const generateName = `${metadata.name}-`;
  return namespace === undefined ? { name, generateName } : { name, namespace, generateName };
}

function annotationsOf(base: KubeObject | undefined, triggerTime: number | undefined): Labels {
  const before = base?.metadata.annotations ?? {};
  const annotations: Record<string, string> = {};
  for (const key of Object.keys(before)) {
    if (key !== TRIGGER_TIME) annotations[key] = before[key]!;
  }
  if (triggerTime !== undefined) annotations[TRIGGER_TIME] = String(triggerTime);
  return annotations;
}
