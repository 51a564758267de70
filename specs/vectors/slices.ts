// One run of the EndpointSlice controller over the objects of a question.
// source of the facts: kubernetes/endpointslice reconciler_test.go, utils_test.go,
// topologycache_test.go, trafficdist_test.go

import { ApiServer } from '../../src/apiserver/api-server';
import type { Admission } from '../../src/apiserver/api-server';
import type { EndpointSlice, SliceEndpoint } from '../../src/apiserver/kinds/endpointslice';
import type { Service } from '../../src/apiserver/kinds/service';
import { Controller } from '../../src/controllers/define';
import { endpointSliceController } from '../../src/controllers/endpointslices/endpointslice';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { parseIp } from '../../src/values/ip';
import { keyOf, nameOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import { NEWEST_VERSION } from '../../src/values/kube-version';
import type { KubeVersion } from '../../src/values/kube-version';
import type { Instant } from '../../src/values/time';
import { ManualHeartbeats } from '../controllers/control-plane';
import type { Answer, Question } from './vector-file';

const ACTOR = 'controller-manager/endpointslice';

/** One pass: a failed one would come back after a second. */
const ONE_PASS = 900_000 as Instant;

/**
 * The objects are stored as they are: identities, addresses and statuses are given. Only what no
 * stored Service lacks is added: its creation, and a family.
 */
const AS_GIVEN: Admission = {
  named: (object) => object,
  admit: (object) => (object.kind === 'Service' ? stored(object as Service) : object),
  terminate: () => undefined,
  isFinished: () => false,
  release: () => undefined,
  scopeOf: () => undefined,
};

function stored({ metadata, spec, ...rest }: Service): Service {
  const ipFamilies = spec.ipFamilies ?? ['IPv4'];
  return {
    ...rest,
    metadata: { ...metadata, creationTimestamp: 0 },
    spec: { ...spec, ipFamilies },
  };
}

interface Run {
  readonly slices: readonly EndpointSlice[];
  readonly service: Service | undefined;
  readonly actions: Readonly<Record<string, number>>;
  readonly events: readonly string[];
  readonly error: boolean;
}

/** What the controller has written after one pass. */
export function slices(question: Question): Answer {
  const run = runOnce(question);
  return {
    is: {
      endpoints: readEndpoints(run),
      slices: readSlices(run),
      hints: readHints(run, question),
      actions: run.actions,
      events: run.events,
      error: run.error,
    },
  };
}

function runOnce(question: Question): Run {
  const kubernetes = (question.cluster.kubernetes ?? NEWEST_VERSION) as KubeVersion;
  const { service } = question.ask['slices'] as { readonly service: string };
  const kernel = new Kernel(1);
  const timing = new Timing({ kubernetes, profile: 'default' }, kernel.random);
  const api = new ApiServer(kernel, timing, AS_GIVEN);
  const { maxEndpointsPerSlice = 100 } = (question.cluster['controllers'] ?? {}) as {
    readonly maxEndpointsPerSlice?: number;
  };
  const spec = { kubernetes } as ClusterSpec;
  const definition = endpointSliceController(maxEndpointsPerSlice);
  new Controller(definition, { kernel, api, timing, spec, heartbeats: new ManualHeartbeats() });
  for (const object of objectsOf(question)) {
    api.commitNow({
      verb: 'create',
      kind: object.kind,
      key: keyOf(object),
      object,
      actor: 'given',
    });
    kernel.because(-1);
  }
  kernel.runUntil(ONE_PASS);
  const entries = kernel.journal.all();
  const count = (detail: string): number =>
    entries.filter((it) => it.actor === 'apiserver' && it.detail === detail).length;
  return {
    slices: [...api.store.list('EndpointSlice')] as EndpointSlice[],
    service: api.store.get('Service', service) as Service | undefined,
    actions: {
      create: count(`create by ${ACTOR}`),
      update: count(`replace by ${ACTOR}`),
      delete: count(`by ${ACTOR}`),
    },
    events: entries.filter(({ action }) => /^[A-Z]/.test(action)).map(({ action }) => action),
    error: entries.some(({ actor, action }) => actor === ACTOR && action === 'failed'),
  };
}

/** The question's objects, with a Node for each machine that has none. */
function objectsOf({ cluster, objects }: Question): Iterable<KubeObject> {
  const all = new Map<string, KubeObject>();
  for (const { name, zone } of cluster.nodes ?? []) {
    const labels = zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
    all.set(nameOf(node), node);
  }
  for (const object of objects) all.set(nameOf(object), object);
  return all.values();
}

function readEndpoints({ slices: written, service }: Run): Record<string, unknown>[] {
  const needsPort = (service?.spec.ports ?? []).length > 0;
  return written.flatMap(({ endpoints, ports = [] }) => {
    // A slice without ports serves no port: its addresses are no endpoints of a Service that has.
    if (needsPort && ports.length === 0) return [];
    return endpoints.map((endpoint) => ({
      address: canonical(endpoint.addresses[0]),
      ...endpoint.conditions,
      port: ports[0]?.port,
      zone: endpoint.zone,
      nodeName: endpoint.nodeName,
      hostname: endpoint.hostname,
      targetRef: `${endpoint.targetRef?.namespace}/${endpoint.targetRef?.name}`,
    }));
  });
}

function canonical(address: string | undefined): string | undefined {
  return address && (parseIp(address) ?? address);
}

function readSlices({ slices: written }: Run): Record<string, unknown>[] {
  return written.map(({ addressType, endpoints, ports = [], metadata }) => ({
    addressType,
    size: endpoints.length,
    ports: ports.map(({ port }) => port),
    labels: metadata.labels,
    annotations: Object.keys(metadata.annotations ?? {}),
  }));
}

type Counts = Readonly<Record<string, number>>;

/** Endpoints per hint. A hint that is not expected is one too many. */
function readHints({ slices: written }: Run, { expect }: Question): Record<string, unknown> {
  const zones: Record<string, number> = {};
  const nodes: Record<string, number> = {};
  let crossZone = 0;
  const all = written.flatMap(({ endpoints }): readonly SliceEndpoint[] => endpoints);
  for (const { hints, zone } of all) {
    for (const { name } of hints?.forZones ?? []) zones[name] = (zones[name] ?? 0) + 1;
    for (const { name } of hints?.forNodes ?? []) nodes[name] = (nodes[name] ?? 0) + 1;
    if (hints?.forZones?.some(({ name }) => name !== zone)) crossZone++;
  }
  const expected = (expect['hints'] ?? {}) as { zones?: Counts; nodes?: Counts };
  return {
    zones: complete(zones, expected.zones),
    nodes: complete(nodes, expected.nodes),
    crossZone,
  };
}

/** The counts, or their text where they name more than is expected. */
function complete(counts: Counts, expected: Counts | undefined): Counts | string {
  const isMore = Object.keys(counts).some((name) => expected?.[name] === undefined);
  return expected !== undefined && isMore ? JSON.stringify(counts) : counts;
}
