// Goal: one pass of the EndpointSlice controller does what upstream's own tests say, case by case.
// The cases stand in ../shared/cases/services.public.json (`slices`), from kubernetes/endpointslice
// reconciler_test.go, utils_test.go, topologycache_test.go and trafficdist_test.go.

import { existsSync, readFileSync } from 'node:fs';

import { expect } from 'chai';

import { ApiServer } from '../../src/apiserver/api-server';
import type { Admission } from '../../src/apiserver/api-server';
import type { EndpointSlice, SliceEndpoint } from '../../src/apiserver/kinds/endpointslice';
import type { Service } from '../../src/apiserver/kinds/service';
import { Controller } from '../../src/controllers/define';
import { endpointSliceController } from '../../src/controllers/endpointslice';
import { Kernel } from '../../src/kernel/kernel';
import { Timing } from '../../src/timing';
import type { ClusterSpec } from '../../src/values/cluster-spec';
import { keyOf } from '../../src/values/kube-object';
import type { KubeObject } from '../../src/values/kube-object';
import type { KubeVersion } from '../../src/values/kube-version';
import { sortedBy } from '../../src/values/order';
import type { Instant } from '../../src/values/time';
import { ip } from '../../src/values/ip';
import { ManualHeartbeats } from './control-plane';

const FILE = '../shared/cases/services.public.json';
const ACTOR = 'controller-manager/endpointslice';

interface Expected {
  readonly endpoints?: readonly Readonly<Record<string, unknown>>[];
  readonly slices?: readonly Readonly<Record<string, unknown>>[];
  readonly actions?: Readonly<Record<string, number>>;
  readonly hints?: Readonly<Record<string, unknown>>;
  readonly events?: readonly string[];
  readonly error?: boolean;
}

interface Case {
  readonly id: string;
  readonly ask: { readonly slices?: { readonly service: string } };
  readonly expect: Expected;
  readonly objects?: readonly KubeObject[];
  readonly cluster?: Partial<GroupCluster>;
  readonly note?: string;
}

interface GroupCluster {
  readonly kubernetes: string;
  readonly nodes: readonly { readonly name: string; readonly zone?: string }[];
  readonly controllers?: { readonly maxEndpointsPerSlice?: number };
}

interface Group {
  readonly title: string;
  readonly cluster: GroupCluster;
  readonly objects: readonly KubeObject[];
  readonly cases: readonly Case[];
}

/**
 * The cases' objects are stored as they are: identities, addresses and statuses are given. Only
 * what no stored Service lacks is added: its creation, and a family.
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
  return { ...rest, metadata: { ...metadata, creationTimestamp: 0 }, spec: { ...spec, ipFamilies } };
}

interface Result {
  readonly slices: readonly EndpointSlice[];
  readonly service: Service;
  readonly actions: Readonly<Record<string, number>>;
  readonly events: readonly string[];
  readonly failed: boolean;
}

function runCase(group: Group, test: Case): Result {
  const cluster = { ...group.cluster, ...test.cluster };
  const kubernetes = cluster.kubernetes as KubeVersion;
  const kernel = new Kernel(1);
  const timing = new Timing({ kubernetes, profile: 'default' }, kernel.random);
  const api = new ApiServer(kernel, timing, AS_GIVEN);
  const definition = endpointSliceController(cluster.controllers?.maxEndpointsPerSlice ?? 100);
  const heartbeats = new ManualHeartbeats();
  new Controller(definition, { kernel, api, timing, spec: { kubernetes } as ClusterSpec, heartbeats });
  const objects = new Map<string, KubeObject>();
  for (const { name, zone } of cluster.nodes) {
    const labels = zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone };
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
    objects.set(`Node/${name}`, node);
  }
  for (const object of [...group.objects, ...(test.objects ?? [])]) {
    objects.set(`${object.kind}/${keyOf(object)}`, object);
  }
  for (const object of objects.values()) {
    api.commitNow({ verb: 'create', kind: object.kind, key: keyOf(object), object, actor: 'case' });
    kernel.because(-1);
  }
  // One pass: a failed one would come back after a second.
  kernel.runUntil(900_000 as Instant);
  const entries = kernel.journal.all();
  const count = (detail: string): number =>
    entries.filter((it) => it.actor === 'apiserver' && it.detail === detail).length;
  return {
    slices: [...api.store.list('EndpointSlice')] as EndpointSlice[],
    service: api.store.get('Service', test.ask.slices!.service) as Service,
    actions: {
      create: count(`create by ${ACTOR}`),
      update: count(`replace by ${ACTOR}`),
      delete: count(`by ${ACTOR}`),
    },
    events: entries.filter(({ action }) => /^[A-Z]/.test(action)).map(({ action }) => action),
    failed: entries.some(({ actor, action }) => actor === ACTOR && action === 'failed'),
  };
}

/** Endpoints of all slices in the words of the cases. */
function readEndpoints({ slices, service }: Result): Record<string, unknown>[] {
  const needsPort = (service.spec.ports ?? []).length > 0;
  return slices.flatMap(({ endpoints, ports = [] }) => {
    // A slice without ports serves no port: its addresses are no endpoints of a Service that has.
    if (needsPort && ports.length === 0) return [];
    return endpoints.map((endpoint) => ({
      address: endpoint.addresses[0] && ip(endpoint.addresses[0]),
      ...endpoint.conditions,
      port: ports[0]?.port,
      zone: endpoint.zone,
      nodeName: endpoint.nodeName,
      hostname: endpoint.hostname ?? null,
      targetRef: `${endpoint.targetRef?.namespace}/${endpoint.targetRef?.name}`,
    }));
  });
}

function readSlices({ slices }: Result): Record<string, unknown>[] {
  return slices.map(({ addressType, endpoints, ports = [], metadata }) => ({
    addressType,
    size: endpoints.length,
    ports: ports.map(({ port }) => port),
    labels: metadata.labels,
    annotations: Object.keys(metadata.annotations ?? {}),
  }));
}

function readHints({ slices }: Result): Record<string, unknown> {
  const zones: Record<string, number> = {};
  const nodes: Record<string, number> = {};
  let crossZone = 0;
  for (const { hints, zone } of slices.flatMap(({ endpoints }): readonly SliceEndpoint[] => endpoints)) {
    for (const { name } of hints?.forZones ?? []) zones[name] = (zones[name] ?? 0) + 1;
    for (const { name } of hints?.forNodes ?? []) nodes[name] = (nodes[name] ?? 0) + 1;
    if (hints?.forZones?.some(({ name }) => name !== zone)) crossZone++;
  }
  return { zones, nodes, crossZone };
}

/** Only the fields that the case names are judged; lists are sets. */
function expectRows(
  actual: readonly Readonly<Record<string, unknown>>[],
  expected: readonly Readonly<Record<string, unknown>>[],
): void {
  const fields = Object.keys(expected[0] ?? {}).sort();
  const pick = (row: Readonly<Record<string, unknown>>): string =>
    JSON.stringify(fields.map((field) => [field, canonical(field, row[field])]));
  expect(sortedBy(actual.map(pick), String)).to.deep.equal(sortedBy(expected.map(pick), String));
}

function canonical(field: string, value: unknown): unknown {
  if (field === 'address') return ip(String(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('one pass of the EndpointSlice controller', () => {
  if (!existsSync(FILE)) {
    it('agrees with the cases of upstream', function () {
      this.skip(); // skipped: ../shared is absent
    });
    return;
  }
  const { groups } = JSON.parse(readFileSync(FILE, 'utf8')) as { groups: Group[] };
  for (const group of groups) {
    for (const test of group.cases.filter(({ ask }) => ask.slices !== undefined)) {
      it(`${test.id}: ${group.title}${test.note === undefined ? '' : `: ${test.note}`}`, () => {
        const result = runCase(group, test);
        const { endpoints, slices, actions, hints, events, error } = test.expect;
        if (endpoints !== undefined) expectRows(readEndpoints(result), endpoints);
        if (slices !== undefined) expectRows(readSlices(result), slices);
        if (actions !== undefined) expect(result.actions).to.deep.equal(actions);
        if (hints !== undefined) expect(readHints(result)).to.deep.include(hints);
        if (events !== undefined) expect(result.events).to.deep.equal(events);
        if (error !== undefined) expect(result.failed).to.equal(error);
      });
    }
  }
});
