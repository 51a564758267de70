// What one CoreDNS process knows of the cluster: its own lagging copies of Services,
// EndpointSlices and Namespaces, with the indexes that its questions need.
// source: coredns plugin/kubernetes/controller.go (indexers), plugin/kubernetes/object/*.go

import type { ApiServer } from '../apiserver/api-server';
import type { Change, Informer } from '../apiserver/informer';
import { noteReading } from '../kernel/readings';
import type { Place, Readable } from '../kernel/readings';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { keyOf, splitKey } from '../values/kube-object';
import type { Labels } from '../values/labels';
import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import { sortedBy } from '../values/order';

/** The fields of a Service that the plugin reads. */
export interface ServiceRecord {
  readonly name: string;
  readonly namespace: string;
  readonly headless: boolean;
  readonly addresses: readonly IP[];
  /** `spec.externalIPs` and the addresses or names of its load balancer. */
  readonly externals: readonly string[];
  /** The target of an ExternalName Service; undefined for every other type. */
  readonly externalName: string | undefined;
  readonly ports: readonly PortRecord[];
}

export interface PortRecord {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** One address of a ready endpoint. */
export interface EndpointRecord {
  readonly address: IP;
  readonly hostname: string;
  readonly podName: string;
  readonly ports: readonly PortRecord[];
}

/** An endpoint with the name of the Service that it stands behind. */
export interface OwnedEndpoint {
  readonly namespace: string;
  readonly service: string;
  readonly endpoint: EndpointRecord;
}

interface SliceFields {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly hostname?: string;
    readonly conditions?: { readonly ready?: boolean };
    readonly targetRef?: { readonly name?: string };
  }[];
  readonly ports?: readonly PortFields[];
}

interface PortFields {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
}

const SERVICE_NAME = 'kubernetes.io/service-name';

export interface DnsViewOptions {
  readonly name?: string;
  readonly onLearn?: (kind: string, key: ObjectKey) => void;
}

/** Where forks have a view, and what it shows of a kind. */
const VIEW = 'DNS view';
const VIEW_OF = {
  Service: 'DNS view of Services',
  EndpointSlice: 'DNS view of EndpointSlices',
  Namespace: 'DNS view of Namespaces',
  Pod: 'DNS view of Pods',
} as const;

export class DnsView implements Readable {
  readonly place: Place;
  private readonly informers: readonly Informer[];
  private readonly services: Informer;
  private readonly slices: Informer;
  private readonly namespaces: Informer;
  private readonly pods: Informer;
  // Each is undefined until somebody asks for what it finds.
  /** Keys of the slices of a Service, by the Service's key. */
  private slicesOfService: Index;
  private servicesByAddress: Index;
  private servicesByExternal: Index;
  private slicesByAddress: Index;
  private readonly podsByAddress = new Map<string, Set<string>>();
  private watchesPods = false;
  private isSynced = false;

  /**
   * A view that is empty and silent until `sync`. `onLearn` is told of each object that has changed
   * for it since then; `name` is what forks call it by.
   */
  constructor(api: ApiServer, owner: string, { name = owner, onLearn }: DnsViewOptions = {}) {
    this.place = { room: VIEW, name };
    const informer = (kind: keyof typeof VIEW_OF, index: (change: Change) => void): Informer =>
      api.informer({
        kind,
        owner,
        knownAs: { room: VIEW_OF[kind], name },
        onChange: (change) => {
          index(change);
          if (this.isSynced) onLearn?.(kind, change.key);
        },
      });
    this.services = informer('Service', (change) => this.indexService(change));
    this.slices = informer('EndpointSlice', (change) => this.indexSlice(change));
    this.namespaces = informer('Namespace', () => {});
    this.pods = informer('Pod', (change) => this.indexPod(change));
    this.informers = [this.services, this.slices, this.namespaces];
    this.slicesOfService = this.servicesByAddress = this.servicesByExternal = undefined;
    this.slicesByAddress = undefined;
    this.stop();
  }

  /** Whether every informer has listed once since the start of the process. */
  get synced(): boolean {
    noteReading(this, 'synced');
    return this.isSynced;
  }

  standing(): boolean {
    return this.isSynced;
  }

  common(): boolean {
    return this.isSynced;
  }

  /** What holds the place of a fork, for what was read of its view. */
  readingAt({ room }: Place): Readable | undefined {
    if (room === VIEW) return this;
    const all = [this.services, this.slices, this.namespaces, this.pods];
    return all.find((informer) => informer.place?.room === room);
  }

  /** The process starts with empty memory. Until `sync` it has nothing to tell. */
  restart(): void {
    this.slicesOfService = this.servicesByAddress = this.servicesByExternal = undefined;
    this.slicesByAddress = undefined;
    this.podsByAddress.clear();
    for (const informer of [...this.informers, this.pods]) {
      informer.hold();
      informer.reset();
    }
    this.isSynced = false;
  }

  /** The API server answers: every informer lists, and watches from there on. */
  sync(): void {
    for (const informer of this.informers) informer.relist();
    if (this.watchesPods) this.pods.relist();
    this.isSynced = true;
  }

  /** Pods are watched too, as `pods verified` demands. */
  watchPods(): void {
    if (this.watchesPods) return;
    this.watchesPods = true;
    if (this.isSynced) this.pods.relist();
  }

  /** The process ends, or stops to watch. What it knew last stays. */
  stop(): void {
    for (const informer of [...this.informers, this.pods]) informer.hold();
  }

  /** Labels of a namespace; undefined where it does not exist. */
  namespaceLabels(name: string): Labels | undefined {
    const namespace = this.namespaces.get(name);
    return namespace && (namespace.metadata.labels ?? {});
  }

  service(namespace: string, name: string): ServiceRecord | undefined {
    const object = this.services.get(`${namespace}/${name}`);
    return object && readService(object);
  }

  /** Ready endpoints of a Service, one entry for each address. */
  endpoints(namespace: string, name: string): EndpointRecord[] {
    this.slices.noteList();
    this.slicesOfService ??= indexOf(this.slices.list(), serviceKeysOf);
    const keys = sortedBy(this.slicesOfService.get(`${namespace}/${name}`) ?? [], (key) => key);
    return keys.flatMap((key) => endpointsOf(this.slices.get(key)).records);
  }

  /** The Service that owns this virtual address. */
  serviceAt(address: IP): ServiceRecord | undefined {
    this.services.noteList();
    this.servicesByAddress ??= indexOf(this.services.list(), addressesOf);
    const [key] = this.servicesByAddress.get(address) ?? [];
    if (key === undefined) return undefined;
    const { namespace, name } = splitKey(key);
    return this.service(namespace, name);
  }

  /** Every ready endpoint with this address, with the name of its Service. */
  endpointsAt(address: IP): readonly OwnedEndpoint[] {
    this.slices.noteList();
    this.slicesByAddress ??= indexOf(this.slices.list(), endpointAddressesOf);
    const keys = sortedBy(this.slicesByAddress.get(address) ?? [], (key) => key);
    return keys.flatMap((key) => {
      const slice = this.slices.get(key);
      const service = slice?.metadata.labels?.[SERVICE_NAME];
      if (service === undefined) return [];
      const namespace = slice?.metadata.namespace ?? '';
      return endpointsOf(slice)
        .records.filter((endpoint) => endpoint.address === address)
        .map((endpoint) => ({ namespace, service, endpoint }));
    });
  }

  /** Services with this external address. */
  servicesWithExternal(address: IP): readonly ServiceRecord[] {
    this.services.noteList();
    this.servicesByExternal ??= indexOf(this.services.list(), externalsOf);
    const keys = sortedBy(this.servicesByExternal.get(address) ?? [], (key) => key);
    return keys.flatMap((key) => {
      const { namespace, name } = splitKey(key);
      return this.service(namespace, name) ?? [];
    });
  }

  /**
   * Namespaces of the pods with this primary address. A pod that is being deleted keeps its record
   * until it is gone; one that has ended has none.
   */
  podsAt(address: IP): readonly string[] {
    this.pods.noteList();
    const keys = sortedBy(this.podsByAddress.get(address) ?? [], (key) => key);
    return keys.map((key) => splitKey(key).namespace);
  }

  private indexService(change: Change): void {
    revise(this.servicesByAddress, change, addressesOf);
    revise(this.servicesByExternal, change, externalsOf);
  }

  private indexPod(change: Change): void {
    const { key, before, late } = change;
    const known = before && podAddressOf(before);
    if (known !== undefined) this.podsByAddress.get(known)?.delete(key);
    const address = late === undefined ? addressAfter(change) : late.addresses[0];
    if (address !== undefined) put(this.podsByAddress, address, key);
  }

  private indexSlice(change: Change): void {
    revise(this.slicesByAddress, change, endpointAddressesOf);
    revise(this.slicesOfService, change, serviceKeysOf);
  }
}

/** The keys of objects by one thing that can be read from each. */
type Index = Map<string, Set<string>> | undefined;
type Reading = (object: KubeObject) => ReadonlySet<string>;

/** Of all objects that are known now. What was known before a restart is not. */
function indexOf(objects: Iterable<KubeObject>, read: Reading): Map<string, Set<string>> {
  const index = new Map<string, Set<string>>();
  for (const object of objects) for (const it of read(object)) put(index, it, keyOf(object));
  return index;
}

/** Of most changes an index knows nothing new, and of those of a slice nearly none. */
function revise(index: Index, change: Change, read: Reading): void {
  // Nor is an object made for it then that is made late.
  if (index === undefined) return;
  const { key, before, after } = change;
  const was = before === undefined ? NOTHING : read(before);
  const is = after === undefined ? NOTHING : read(after);
  for (const it of was) if (!is.has(it)) index.get(it)?.delete(key);
  for (const it of is) if (!was.has(it)) put(index, it, key);
}

const NOTHING: ReadonlySet<string> = new Set();

const addressesOf: Reading = (service) => new Set(readService(service).addresses);
const externalsOf: Reading = (service) => new Set(readService(service).externals);
const endpointAddressesOf: Reading = (slice) => endpointsOf(slice).addresses;
const serviceKeysOf: Reading = (slice) => new Set([serviceKeyOf(slice)]);

/** source: coredns plugin/kubernetes/object/pod.go (only the primary address), controller.go */
function addressAfter({ after }: Change): string | undefined {
  return after && podAddressOf(after);
}

function podAddressOf({ status }: KubeObject): string | undefined {
  const { podIP, phase } = (status ?? {}) as { podIP?: string; phase?: string };
  if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Unknown') return undefined;
  return parseIp(podIP ?? '');
}

function serviceKeyOf(slice: KubeObject): string {
  return `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_NAME] ?? ''}`;
}

function put(index: Map<string, Set<string>>, at: string, key: string): void {
  const keys = index.get(at);
  if (keys === undefined) index.set(at, new Set([key]));
  else keys.add(key);
}

function readService(object: KubeObject): ServiceRecord {
  const spec = (object.spec ?? {}) as {
    type?: string;
    clusterIP?: string;
    clusterIPs?: readonly string[];
    externalName?: string;
    externalIPs?: readonly string[];
    ports?: readonly PortFields[];
  };
  const status = (object.status ?? {}) as {
    loadBalancer?: { ingress?: readonly { ip?: string; hostname?: string }[] };
  };
  const ingress = status.loadBalancer?.ingress ?? [];
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return {
    name: object.metadata.name,
    namespace: object.metadata.namespace ?? '',
    headless: clusterIPs[0] === 'None',
    addresses: readAddresses(clusterIPs),
    externals: [
      ...(spec.externalIPs ?? []),
      ...ingress.flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
    ].map((text) => parseIp(text) ?? text),
    externalName: spec.type === 'ExternalName' ? (spec.externalName ?? '') : undefined,
    ports: readPorts(spec.ports),
  };
}

/** The ready endpoints of a slice. */
interface ReadyEndpoints {
  readonly records: readonly EndpointRecord[];
  readonly addresses: ReadonlySet<IP>;
}

const NOBODY: ReadyEndpoints = { records: [], addresses: new Set() };

/** By version of a slice: every CoreDNS reads the same, when it comes and when it is replaced. */
const readSlices = new WeakMap<KubeObject, ReadyEndpoints>();

function endpointsOf(slice: KubeObject | undefined): ReadyEndpoints {
  if (slice === undefined) return NOBODY;
  let ready = readSlices.get(slice);
  if (ready === undefined) {
    const records = readEndpoints(slice);
    ready = { records, addresses: new Set(records.map(({ address }) => address)) };
    readSlices.set(slice, ready);
  }
  return ready;
}

/** Only `ready` counts, and its absence means true; `serving` and `terminating` do not matter. */
function readEndpoints(object: KubeObject): EndpointRecord[] {
  const slice = object as KubeObject & SliceFields;
  const ports = readPorts(slice.ports);
  const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return ready.flatMap((endpoint) =>
    readAddresses(endpoint.addresses ?? []).map((address) => ({
      address,
      hostname: endpoint.hostname ?? '',
      podName: endpoint.targetRef?.name ?? '',
      ports,
    })),
  );
}

function readAddresses(texts: readonly string[]): IP[] {
  return texts.flatMap((text) => parseIp(text) ?? []);
}

function readPorts(ports: readonly PortFields[] | undefined): PortRecord[] {
  return (ports ?? []).map(({ name, protocol, port }) => ({
    name: name ?? '',
    protocol: (protocol ?? 'TCP').toLowerCase(),
    port: port ?? 0,
  }));
}
