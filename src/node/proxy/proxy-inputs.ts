// What the kube-proxies of a cluster see, by how far they have read: proxies that have seen the
// same changes share one input object, and with it their rules. Going from one state to the next
// costs what changed, not what there is.

import type { Informer } from '../../apiserver/informer';
import { equalJson } from '../../apiserver/json';
import type { Store, Version } from '../../apiserver/store';
import type { Family } from '../../values/ip';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { compareText } from '../../values/order';
import { OverlayMap } from '../../values/overlay-map';
import {
  areSameEndpoints,
  endpointsOfService,
  endpointsOfSlice,
  serviceOfSlice,
} from './endpoints-map';
import type { EndpointsByPort } from './endpoints-map';
import type { Endpoint, ProxyInput, ServicePort } from './proxy-mode';
import { servicePortKey } from './proxy-mode';
import { serviceMapOf, servicePortsOf } from './service-map';
import { inputAfter } from './shared-inputs';
import type { EndpointChanges } from './shared-inputs';

/** How many states are kept for proxies that lag; one that lags further costs a full reading. */
const STATES_MAX = 64;

/** How far Services and slices have been read. */
interface Revisions {
  readonly services: number;
  readonly slices: number;
}

/** The versions that come between two states. */
interface News {
  readonly services: readonly Version[];
  readonly slices: readonly Version[];
}

/** An input with the two revisions that it shows, and what the next one is derived from. */
interface State extends Revisions {
  readonly input: ProxyInput;
  readonly slicesByService: SlicesByService;
}

/** An input that is found when somebody reads it. */
export interface LateInput extends ProxyInput {
  /** The same as one object for all who have seen that much. */
  readonly input: ProxyInput;
}

type LateState = State & LateInput;

/** The slices of one Service, in no order. */
type Slices = readonly KubeObject[];
type SlicesByService = OverlayMap<ObjectKey, Slices>;

const EMPTY: State = Object.freeze({
  services: 0,
  slices: 0,
  input: Object.freeze({ servicePorts: new Map(), endpoints: OverlayMap.of(new Map()) }),
  slicesByService: OverlayMap.of(new Map()),
});

const NONE: EndpointsByPort = new Map();
const NO_SLICES: Slices = [];
const NO_VERSIONS: readonly Version[] = [];

/** The inputs of one family. One of these serves all nodes of a cluster. */
export class ProxyInputs {
  readonly family: Family;
  private readonly store: Store;
  /** The most recently derived last. */
  private readonly states: State[] = [EMPTY];
  /** What the proxies saw when the cluster settled. */
  private late: LateState | undefined;
  /** What was asked for last: the proxies ask one after the other for the same. */
  private seenServices = 0;
  private seenSlices = 0;
  private seen: ProxyInput = EMPTY.input;

  constructor(store: Store, family: Family) {
    this.store = store;
    this.family = family;
  }

  /** What a proxy sees by its informers. */
  seenBy(services: Informer, slices: Informer): ProxyInput {
    if (services.isWhole && slices.isWhole) return this.at(services.revision, slices.revision);
    return this.readAll(services.list(), slices.list());
  }

  /**
   * The same, found when somebody reads it: a cluster settles without a look at any Service.
   * Undefined where it is there already, or no other proxy shares it.
   */
  laterSeenBy(services: Informer, slices: Informer): LateInput | undefined {
    if (!services.isWhole || !slices.isWhole) return undefined;
    const at = this.revisionsOf(services.revision, slices.revision);
    const { late } = this;
    if (late?.services === at.services && late.slices === at.slices) return late;
    if (this.known(at) !== undefined) return undefined;
    // By the versions alone: a fork that reads them leaves no trace in the store of its origin.
    const news = this.newsSince(EMPTY, at);
    const state = lateState(at, () => this.derive(EMPTY, at, news));
    this.keep(state);
    return (this.late = state);
  }

  /** What a proxy sees whose informers show these revisions. Equal sights are one object. */
  at(seenServices: number, seenSlices: number): ProxyInput {
    if (this.seenServices !== seenServices || this.seenSlices !== seenSlices) {
      this.seen = this.find(seenServices, seenSlices);
      this.seenServices = seenServices;
      this.seenSlices = seenSlices;
    }
    return this.seen;
  }

  private find(seenServices: number, seenSlices: number): ProxyInput {
    const at = this.revisionsOf(seenServices, seenSlices);
    const known = this.known(at);
    if (known !== undefined) return known.input;
    const isBase = (it: State) => it.services <= at.services && it.slices <= at.slices;
    const base = this.states.findLast(isBase) ?? EMPTY;
    const state = this.derive(base, at, this.newsSince(base, at));
    this.keep(state);
    return state.input;
  }

  /** Between two changes of a kind, views are equal. */
  private revisionsOf(services: number, slices: number): Revisions {
    const { store } = this;
    return {
      services: store.lastChange('Service', services),
      slices: store.lastChange('EndpointSlice', slices),
    };
  }

  private known({ services, slices }: Revisions): State | undefined {
    return this.states.findLast((it) => it.services === services && it.slices === slices);
  }

  private keep(state: State): void {
    this.states.push(state);
    if (this.states.length > STATES_MAX) this.states.shift();
  }

  /** The sight of a proxy whose watches have left something out: no other one shares it. */
  private readAll(services: Iterable<KubeObject>, slices: Iterable<KubeObject>): ProxyInput {
    const servicePorts = serviceMapOf(services, this.family);
    const byService = new Map<ObjectKey, KubeObject[]>();
    for (const slice of slices) {
      const service = serviceOfSlice(slice);
      if (service === undefined) continue;
      byService.set(service, [...(byService.get(service) ?? []), slice]);
    }
    const endpoints = new Map<string, readonly Endpoint[]>();
    for (const own of byService.values()) {
      for (const [key, list] of endpointsOfService(own, this.family)) endpoints.set(key, list);
    }
    return Object.freeze({ servicePorts, endpoints: OverlayMap.of(endpoints) });
  }

  private newsSince(base: Revisions, { services, slices }: Revisions): News {
    return {
      services: this.changesOf('Service', base.services, services),
      slices: this.changesOf('EndpointSlice', base.slices, slices),
    };
  }

  private changesOf(kind: string, from: number, to: number): readonly Version[] {
    return from === to ? NO_VERSIONS : this.store.changes(kind, from, to);
  }

  private derive(base: State, { services, slices }: Revisions, news: News): State {
    const servicePorts = this.nextServicePorts(base, news.services);
    const moved = this.movedSlices(base, news.slices);
    const input = inputAfter(base.input, servicePorts, this.changedEndpoints(base, moved));
    const slicesByService =
      moved.size === 0 ? base.slicesByService : base.slicesByService.with(moved);
    return Object.freeze({ services, slices, input, slicesByService });
  }

  private nextServicePorts(base: State, news: readonly Version[]): ProxyInput['servicePorts'] {
    let next: Map<string, ServicePort> | undefined;
    for (const version of newestOfEach(news)) {
      const was = this.portsOf(objectAt(base.services, version));
      const is = this.portsOf(version.object);
      if (equalJson(was, is)) continue;
      next ??= new Map(base.input.servicePorts);
      for (const port of was) next.delete(servicePortKey(port.id));
      for (const port of is) next.set(servicePortKey(port.id), port);
    }
    if (next === undefined) return base.input.servicePorts;
    const sorted = new Map<string, ServicePort>();
    for (const key of [...next.keys()].sort(compareText)) sorted.set(key, next.get(key)!);
    return sorted;
  }

  /** What slices that have moved change; undefined for a Service port that has none any more. */
  private changedEndpoints(base: State, moved: ReadonlyMap<ObjectKey, Slices>): EndpointChanges {
    const { endpoints } = base.input;
    const changes = new Map<string, readonly Endpoint[] | undefined>();
    for (const [service, slices] of moved) {
      const was = this.endpointsOf(base.slicesByService.get(service));
      const is = this.endpointsOf(slices);
      if (is === was) continue;
      for (const key of was === NONE ? is.keys() : new Set([...was.keys(), ...is.keys()])) {
        const list = is.get(key);
        if (!areSameEndpoints(endpoints.get(key), list)) changes.set(key, list);
      }
    }
    return changes;
  }

  /** The slices of every Service of which one came, went or changed. */
  private movedSlices(base: State, news: readonly Version[]): ReadonlyMap<ObjectKey, Slices> {
    const moved = new Map<ObjectKey, Slices>();
    const replace = (service: ObjectKey, was?: KubeObject, is?: KubeObject) => {
      const slices = moved.get(service) ?? base.slicesByService.get(service) ?? NO_SLICES;
      moved.set(service, withSlice(slices, was, is));
    };
    for (const version of newestOfEach(news)) {
      const was = objectAt(base.slices, version);
      const is = version.object;
      const left = was && serviceOfSlice(was);
      const entered = is && serviceOfSlice(is);
      if (is !== undefined) endpointsOfSlice(is, this.family, was);
      if (entered === left && entered !== undefined) replace(entered, was, is);
      else {
        if (left !== undefined) replace(left, was);
        if (entered !== undefined) replace(entered, undefined, is);
      }
    }
    return moved;
  }

  private endpointsOf(slices: Slices | undefined): EndpointsByPort {
    return slices === undefined ? NONE : endpointsOfService(slices, this.family);
  }

  private portsOf(service: KubeObject | undefined): readonly ServicePort[] {
    return service === undefined ? [] : servicePortsOf(service, this.family);
  }
}

/** The last version of each object, in the order of their first ones. */
function newestOfEach(versions: readonly Version[]): Iterable<Version> {
  if (versions.length < 2) return versions;
  const newest = new Map<ObjectKey, Version>();
  for (const version of versions) newest.set(version.key, version);
  return newest.values();
}

/** The object as it was at a revision before this version of it. */
function objectAt(revision: number, { previous }: Version): KubeObject | undefined {
  let version = previous;
  while (version !== undefined && version.revision > revision) version = version.previous;
  return version?.object;
}

/** Forks share what is found. */
function lateState({ services, slices }: Revisions, find: () => State): LateState {
  let state: State | undefined;
  const found = (): State => (state ??= find());
  return Object.freeze({
    services,
    slices,
    get servicePorts() {
      return found().input.servicePorts;
    },
    get endpoints() {
      return found().input.endpoints;
    },
    get input() {
      return found().input;
    },
    get slicesByService() {
      return found().slicesByService;
    },
  });
}

/** The slices of a Service with one of them changed, come or gone. */
function withSlice(
  slices: Slices,
  was: KubeObject | undefined,
  is: KubeObject | undefined,
): Slices {
  const others = was === undefined ? slices : slices.filter((it) => it !== was);
  if (is === undefined) return others;
  // Most Services have one slice.
  return others.length === 0 ? [is] : [...others, is];
}
