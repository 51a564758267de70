// What the kube-proxies of a cluster see, by how far they have read: proxies that have seen the
// same changes share one input object, and with it their rules. Going from one state to the next
// costs what changed, not what there is.

import type { Informer } from '../../apiserver/informer';
import { equalJson } from '../../apiserver/json';
import type { Store } from '../../apiserver/store';
import type { Family } from '../../values/ip';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import { compareText } from '../../values/order';
import { OverlayMap } from '../../values/overlay-map';
import { areSameEndpoints, endpointsOfService, serviceOfSlice } from './endpoints-map';
import type { EndpointsByPort } from './endpoints-map';
import type { Endpoint, ProxyInput, ServicePort } from './proxy-mode';
import { servicePortKey } from './proxy-mode';
import { serviceMapOf, servicePortsOf } from './service-map';
import { sharedInput } from './shared-inputs';

/** How many states are kept for proxies that lag; one that lags further costs a full reading. */
const STATES_MAX = 64;

/** An input with the two revisions that it shows, and what the next one is derived from. */
interface State {
  readonly services: number;
  readonly slices: number;
  readonly input: ProxyInput;
  readonly slicesByService: SlicesByService;
}

type SlicesByService = OverlayMap<ObjectKey, ReadonlyMap<ObjectKey, KubeObject>>;

const EMPTY: State = Object.freeze({
  services: 0,
  slices: 0,
  input: Object.freeze({ servicePorts: new Map(), endpoints: OverlayMap.of(new Map()) }),
  slicesByService: OverlayMap.of(new Map()),
});

const NONE: EndpointsByPort = new Map();

/** The inputs of one family. One of these serves all nodes of a cluster. */
export class ProxyInputs {
  readonly family: Family;
  private readonly store: Store;
  /** The most recently derived last. */
  private readonly states: State[] = [EMPTY];

  constructor(store: Store, family: Family) {
    this.store = store;
    this.family = family;
  }

  /** What a proxy sees by its informers. */
  seenBy(services: Informer, slices: Informer): ProxyInput {
    if (services.isWhole && slices.isWhole) return this.at(services.revision, slices.revision);
    return this.readAll(services.list(), slices.list());
  }

  /** What a proxy sees whose informers show these revisions. Equal sights are one object. */
  at(seenServices: number, seenSlices: number): ProxyInput {
    // Between two changes of a kind, views are equal.
    const services = this.store.lastChange('Service', seenServices);
    const slices = this.store.lastChange('EndpointSlice', seenSlices);
    const isSame = (it: State) => it.services === services && it.slices === slices;
    const known = this.states.findLast(isSame);
    if (known !== undefined) return known.input;
    const isBase = (it: State) => it.services <= services && it.slices <= slices;
    const state = this.derive(this.states.findLast(isBase) ?? EMPTY, services, slices);
    this.states.push(state);
    if (this.states.length > STATES_MAX) this.states.shift();
    return state.input;
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

  private derive(base: State, services: number, slices: number): State {
    const servicePorts = this.nextServicePorts(base, services);
    const { endpoints, changed, slicesByService } = this.nextEndpoints(base, slices);
    const isSame = servicePorts === base.input.servicePorts && endpoints === base.input.endpoints;
    const input = isSame ? base.input : sharedInput(servicePorts, endpoints, changed);
    return Object.freeze({ services, slices, input, slicesByService });
  }

  private nextServicePorts(base: State, revision: number): ProxyInput['servicePorts'] {
    let next: Map<string, ServicePort> | undefined;
    for (const key of this.changedKeys('Service', base.services, revision)) {
      const was = this.portsAt(key, base.services);
      const is = this.portsAt(key, revision);
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

  private nextEndpoints(
    base: State,
    revision: number,
  ): Pick<State, 'slicesByService'> & {
    readonly endpoints: ProxyInput['endpoints'];
    readonly changed: Iterable<string>;
  } {
    const moved = this.movedSlices(base, revision);
    const slicesByService = base.slicesByService.with(moved);
    const before = base.input.endpoints;
    const next = new Map<string, readonly Endpoint[] | undefined>();
    for (const [service, slices] of moved) {
      const was = this.endpointsOf(base.slicesByService.get(service));
      const is = this.endpointsOf(slices);
      for (const key of was === NONE ? is.keys() : new Set([...was.keys(), ...is.keys()])) {
        const list = is.get(key);
        if (!areSameEndpoints(before.get(key), list)) next.set(key, list);
      }
    }
    const endpoints = next.size === 0 ? before : OverlayMap.of(before).with(next);
    return { endpoints, changed: next.keys(), slicesByService };
  }

  /** The slices of every Service of which one came, went or changed. */
  private movedSlices(
    base: State,
    revision: number,
  ): ReadonlyMap<ObjectKey, ReadonlyMap<ObjectKey, KubeObject>> {
    const moved = new Map<ObjectKey, Map<ObjectKey, KubeObject>>();
    const slicesOf = (service: ObjectKey) => {
      const slices = moved.get(service) ?? new Map(base.slicesByService.get(service));
      moved.set(service, slices);
      return slices;
    };
    for (const key of this.changedKeys('EndpointSlice', base.slices, revision)) {
      const was = this.store.get('EndpointSlice', key, base.slices);
      const is = this.store.get('EndpointSlice', key, revision);
      const left = was && serviceOfSlice(was);
      const entered = is && serviceOfSlice(is);
      if (left !== undefined) slicesOf(left).delete(key);
      if (is !== undefined && entered !== undefined) slicesOf(entered).set(key, is);
    }
    return moved;
  }

  private endpointsOf(slices: ReadonlyMap<ObjectKey, KubeObject> | undefined): EndpointsByPort {
    return slices === undefined ? NONE : endpointsOfService(slices.values(), this.family);
  }

  private portsAt(key: ObjectKey, revision: number): readonly ServicePort[] {
    const service = this.store.get('Service', key, revision);
    return service === undefined ? [] : servicePortsOf(service, this.family);
  }

  private changedKeys(kind: string, from: number, to: number): ReadonlySet<ObjectKey> {
    return new Set(this.store.changes(kind, from, to).map(({ key }) => key));
  }
}
