// Goal: slices that a cluster settles with, and nobody has looked at when they were stored, are what
// they would be had each been made and judged at once: line by line, also after something has
// happened. Method: clusters of all sorts of Services twice, in one of which every object is
// admitted by itself; every slice is judged by the rules of its kind afterwards.
// Rules: pkg/apis/discovery/validation/validation.go; staging/src/k8s.io/endpointslice.

import { expect } from 'chai';

import { definitionOf } from '../../../src/apiserver/kinds';
import { SERVICE_NAME_LABEL } from '../../../src/apiserver/kinds/endpointslice';
import type { EndpointSlice } from '../../../src/apiserver/kinds/endpointslice';
import { LateSlice } from '../../../src/apiserver/late-slice';
import type { Cluster } from '../../../src/cluster/cluster';
import { SettledAdmission } from '../../../src/cluster/settled/settled-admission';
import { DesiredEndpoints } from '../../../src/controllers/endpointslices/desired-endpoints';
import { NewText } from '../../../src/controllers/endpointslices/slice-draft';
import type { Instant } from '../../../src/values/time';
import { settledWith } from './settled-with';

interface Case {
  /** Fields of the container, and of the pod beside it. */
  readonly container?: string;
  readonly pod?: string;
  readonly replicas?: number;
  readonly service?: string;
  readonly metadata?: string;
  readonly nodes?: string;
  /** Further keys of the cluster. */
  readonly cluster?: string;
  readonly others?: readonly string[];
  /** Whether its slices are looked at before they are stored. Default: not one. */
  readonly isLookedAt?: true;
}

const LONG = `a${'b'.repeat(61)}c`;
const ZONES = '[{name: w1, zone: a}, {name: w2, zone: b}]';
const PORTS =
  'ports: [{name: web, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]';

const CASES: Readonly<Record<string, Case>> = {
  'one port': {},
  'no pods': { replicas: 0 },
  'more than a slice holds': { replicas: 130, isLookedAt: true },
  'ports by name': {
    container: PORTS,
    service:
      'ports: [{name: a, port: 80, targetPort: web}, ' +
      '{name: b, port: 53, protocol: UDP, targetPort: dns}, {name: c, port: 1, targetPort: none}]',
  },
  'a port with a protocol of its own': {
    service: 'ports: [{port: 80, targetPort: 8080, appProtocol: kubernetes.io/h2c}]',
  },
  'no address of its own': { service: 'clusterIP: None, ports: [{port: 80}]' },
  'what is not ready as well': {
    container: 'readinessProbe: {tcpSocket: {port: 9}}',
    service: 'publishNotReadyAddresses: true, ports: [{port: 80}]',
  },
  'pods with host names': {
    pod: 'hostname: me, subdomain: web',
    service: 'clusterIP: None, ports: [{port: 80}]',
    isLookedAt: true,
  },
  'pods on the network of their host': { pod: 'hostNetwork: true', isLookedAt: true },
  'two families': {
    cluster: 'ipFamilies: [IPv4, IPv6]',
    service: 'ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]',
  },
  'the second family': {
    cluster: 'ipFamilies: [IPv4, IPv6]',
    service: 'ipFamilies: [IPv6], ports: [{port: 80}]',
  },
  'nodes in zones': { nodes: ZONES },
  'traffic that stays near': {
    nodes: ZONES,
    service: 'trafficDistribution: PreferClose, ports: [{port: 80}]',
    isLookedAt: true,
  },
  'traffic by the CPU of zones': {
    nodes: ZONES,
    metadata: 'annotations: {service.kubernetes.io/topology-mode: Auto}',
  },
  'labels that the controller gives': {
    metadata: 'labels: {own: label, endpointslice.kubernetes.io/managed-by: me}',
  },
  'two workloads': { others: [deploymentOf('other', 3, '', '')], isLookedAt: true },
  'two Services': { others: [serviceOf('other', 'ports: [{port: 1}]', '')] },
  'no selector': { others: [serviceOf('bare', 'selector: null, ports: [{port: 1}]', '')] },
  'a long name': { others: [serviceOf(LONG, 'ports: [{port: 1}]', '')] },
  'addresses that nobody can reach': { cluster: 'podCIDR: 169.254.0.0/16' },
};

function deploymentOf(name: string, replicas: number, container: string, pod: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {of: ${name}}}
  template:
    metadata: {labels: {app: web, of: ${name}}}
    spec: {${pod}${pod && ', '}containers: [{name: main, image: example/web, ${container}}]}`;
}

function serviceOf(name: string, spec: string, metadata: string): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, ${metadata}}
spec: {${spec.includes('selector') ? '' : 'selector: {app: web}, '}${spec}}`;
}

function clusterOf({ container = '', pod = '', replicas = 5, ...given }: Case): Cluster {
  const { service = 'ports: [{port: 80, targetPort: 8080}]', metadata = '' } = given;
  const { nodes = '3', cluster = '', others = [] } = given;
  const workload = deploymentOf('web', replicas, container, pod);
  const manifests = [serviceOf('web', service, metadata), workload, ...others];
  return settledWith(manifests.join('\n---\n'), `, ${cluster}`, nodes);
}

/** A cluster in which every object is admitted by itself. */
function oneByOne(given: Case): Cluster {
  const { prototype } = SettledAdmission;
  const { series } = prototype;
  prototype.series = () => undefined;
  try {
    return clusterOf(given);
  } finally {
    prototype.series = series;
  }
}

function slicesOf({ api }: Cluster): readonly EndpointSlice[] {
  return [...api.store.list('EndpointSlice')] as EndpointSlice[];
}

function isOfWeb({ metadata }: EndpointSlice): boolean {
  return metadata.labels?.[SERVICE_NAME_LABEL] === 'web';
}

function stateOf({ api, kernel }: Cluster): readonly string[] {
  const versions = api.store.changes('EndpointSlice', 0);
  const objects = versions.map(({ revision, object }) => JSON.stringify([revision, object]));
  return [...objects, ...kernel.journal.all().map((entry) => JSON.stringify(entry))];
}

/** A pod goes, others come, a node moves, and the Service gets a label. */
function live({ api, handles, kernel, spec }: Cluster): void {
  kernel.runUntil(1_000_000 as Instant);
  const [pod] = [...api.store.list('Pod')].filter((it) => it.metadata.namespace === 'default');
  if (pod !== undefined) handles.delete('Pod', `default/${pod.metadata.name}`);
  kernel.runUntil(20_000_000 as Instant);
  handles.patch('Node', spec.nodes[0]!.name, {
    metadata: { labels: { 'topology.kubernetes.io/zone': 'c' } },
  });
  handles.patch('Service', 'default/web', { metadata: { labels: { looked: 'at' } } });
  handles.patch('Deployment', 'default/web', { spec: { replicas: 7 } });
  kernel.runUntil(90_000_000 as Instant);
}

function flawsOf(slice: EndpointSlice): readonly string[] {
  const definition = definitionOf(slice.apiVersion, slice.kind)!;
  const isComplete = definition.defaults(slice) === slice;
  const problems = definition.validate(slice).map(({ path, message }) => `${path}: ${message}`);
  return isComplete ? problems : [...problems, 'it is not complete'];
}

describe('the slices of a settled cluster', function () {
  this.timeout(60_000);

  for (const [name, given] of Object.entries(CASES)) {
    it(`are what they would be, made and judged one by one: ${name}`, () => {
      const [late, apart] = [clusterOf(given), oneByOne(given)];
      expect(slicesOf(apart).filter((it) => it instanceof LateSlice)).to.deep.equal([]);
      expect(slicesOf(late).flatMap(flawsOf)).to.deep.equal([]);
      const judged = slicesOf(late).filter((it) => isOfWeb(it) && !(it instanceof LateSlice));
      expect(judged.length > 0).to.equal(given.isLookedAt === true);
      expect(stateOf(late)).to.deep.equal(stateOf(apart));
      for (const cluster of [late, apart]) live(cluster);
      expect(stateOf(late)).to.deep.equal(stateOf(apart));
    });
  }

  it('are not put together while nobody reads them, and once for all forks then', () => {
    let made = 0;
    const { prototype } = NewText;
    const { metadataOf } = prototype;
    prototype.metadataOf = function (name) {
      made++;
      return metadataOf.call(this, name);
    };
    try {
      const cluster = clusterOf({});
      expect(made).to.equal(0);
      const [fork, other] = [cluster.fork(), cluster.fork()];
      const slices = slicesOf(fork);
      expect(slices.filter(isOfWeb)).to.have.length(1);
      expect(made).to.equal(slices.filter((it) => it instanceof LateSlice).length);
      const seen = made;
      expect(slicesOf(other).every((it, index) => it === slices[index])).to.equal(true);
      expect(made).to.equal(seen);
    } finally {
      prototype.metadataOf = metadataOf;
    }
  });

  it('are known to their controller as it has asked for them', () => {
    const cluster = clusterOf({});
    const { handles, kernel } = cluster;
    const [slice] = slicesOf(cluster).filter(isOfWeb);
    const { prototype } = DesiredEndpoints;
    const { of: found } = prototype;
    let looks = 0;
    prototype.of = function (...about) {
      looks++;
      return found.apply(this, about);
    };
    const patch = (change: Readonly<Record<string, unknown>>, end: number): void => {
      handles.patch('EndpointSlice', `default/${slice!.metadata.name}`, change);
      kernel.runUntil(end as Instant);
    };
    try {
      // A change of the metadata alone is no news of a slice whose generation is known.
      patch({ metadata: { annotations: { looked: 'at' } } }, 20_000_000);
      expect(looks).to.equal(0);
      patch({ endpoints: [] }, 40_000_000);
      expect(looks).to.be.greaterThan(0);
    } finally {
      prototype.of = found;
    }
    expect(slicesOf(cluster).filter(isOfWeb)[0]!.endpoints).to.have.length(5);
  });

  it('are made when somebody reads them, and are one list for everybody', () => {
    const cluster = clusterOf({});
    const [slice] = slicesOf(cluster).filter(isOfWeb);
    expect(slice).to.be.instanceOf(LateSlice);
    expect(slice!.endpoints).to.have.length(5);
    expect(slice!.endpoints).to.equal(slice!.endpoints);
    const copy = { ...slice! };
    expect(copy.endpoints).to.equal(slice!.endpoints);
    expect(Object.keys(copy)).to.deep.equal(Object.keys(slice!));
    const [again] = slicesOf(cluster.fork()).filter((it) => it === slice);
    expect(again!.endpoints).to.equal(slice!.endpoints);
  });

  it('say of zones what was so when they were stored, whenever they are read', () => {
    const given = { nodes: ZONES };
    const [read, unread] = [clusterOf(given), clusterOf(given)];
    const before = JSON.stringify(slicesOf(read));
    const first = slicesOf(unread);
    const { handles, kernel } = unread;
    handles.patch('Node', 'w1', { metadata: { labels: { 'topology.kubernetes.io/zone': 'c' } } });
    kernel.runUntil(1_000_000 as Instant);
    expect(JSON.stringify(first)).to.equal(before);
    expect(before).to.contain('"zone":"a"').and.to.contain('"zone":"b"');
    expect(before).to.not.contain('"zone":"c"');
  });
});
