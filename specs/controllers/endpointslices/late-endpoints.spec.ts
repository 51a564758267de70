// Goal: endpoints that wait until somebody reads them are those that a look at each pod would have
// found, and the API server has nothing to say against any of them. Method: random pods of series,
// on nodes that are there or not, with all sorts of addresses.
// Rules: pkg/apis/discovery/validation/validation.go.

import { expect } from 'chai';

import { validateEndpointSlice } from '../../../src/apiserver/kinds/endpointslice-validation';
import type { Pod } from '../../../src/apiserver/kinds/pod';
import type { Service } from '../../../src/apiserver/kinds/service';
import { LatePod } from '../../../src/apiserver/late-pod';
import type { OwnOfPod, PodMaker } from '../../../src/apiserver/late-pod';
import { LateSlice } from '../../../src/apiserver/late-slice';
import type { ReachedEndpoint } from '../../../src/apiserver/late-slice';
import { PodRun } from '../../../src/apiserver/pod-run';
import type { Version } from '../../../src/apiserver/store';
import { DesiredEndpoints } from '../../../src/controllers/endpointslices/desired-endpoints';
import { LateEndpoints } from '../../../src/controllers/endpointslices/late-endpoints';
import type { ControllerLogic, Workplace } from '../../../src/controllers/define';
import { endpointslice } from '../../../src/controllers/endpointslices/endpointslice';
import type { TriggerTimes } from '../../../src/controllers/endpointslices/trigger-times';
import { Pass } from '../../../src/controllers/pass';
import { Kernel } from '../../../src/kernel/kernel';
import { Stream } from '../../../src/kernel/random';
import { cidr } from '../../../src/values/cidr';
import { ip } from '../../../src/values/ip';
import type { Family } from '../../../src/values/ip';
import { deepFreeze, splitKey } from '../../../src/values/kube-object';
import { PodHost } from '../../../src/values/pod-host';
import { ZERO } from '../../../src/values/time';
import type { Instant } from '../../../src/values/time';
import { serviceOf } from '../control-plane';
import { seriesOf } from '../pod-runs';
import { podOf, versionsOf } from './slices-of-pods';

const ADDRESSES = ['10.244.1.5', '10.244.2.7', 'fd00:10:244::5', '169.254.1.1', 'fe80::1'].map(ip);
/** Out of which a node gives its pods one address each; part of the fourth is special. */
const RANGES = ['10.244.1.0/24', '10.245.0.0/16', 'fd00:10:244::/64', '169.0.0.0/8', 'fe80::/64'];
const NODES = ['worker-1', 'worker-2', 'gone'];

/** Any of these, most of the time the first. */
function pick<T>(stream: Stream, among: readonly T[]): T {
  return among[stream.below(8) > 0 ? 0 : stream.below(among.length)]!;
}

function someOf<T>(stream: Stream, all: readonly T[]): readonly T[] {
  if (stream.below(8) > 0) return all.slice(0, 1);
  return all.filter(() => stream.below(3) === 0);
}

/** A node, and the addresses of a pod on it, or their place in the ranges of that. */
function hostFrom(stream: Stream): Pick<OwnOfPod, 'host' | 'place'> {
  const ranges = someOf(stream, RANGES).map(cidr);
  const host = new PodHost(pick(stream, NODES), [], ranges);
  // In 169.0.0.0/8 the second place is that of a special address.
  const place = pick(stream, [5, 254 * 65_536 + 257]);
  const isInAll = place === 5 || ranges.every(({ prefix }) => prefix === 8);
  return { host, place: isInAll && stream.below(2) === 0 ? place : someOf(stream, ADDRESSES) };
}

/** What the pods of a series are like: ready or not, ended, named, on their way out. */
function patternFrom(stream: Stream): Pod {
  const ready = pick(stream, ['True', 'False']);
  const phase = pick(stream, ['Running', 'Succeeded']);
  const hostname = pick(stream, [{}, { hostname: 'me', subdomain: 'web' }]);
  const status = { phase, conditions: [{ type: 'Ready', status: ready }] };
  const pattern = podOf('any', status, { ...hostname, nodeName: 'worker-1' }) as Pod;
  const leaving = pick(stream, [{}, { deletionTimestamp: 1 }]);
  return deepFreeze({ ...pattern, metadata: { ...pattern.metadata, ...leaving } });
}

function makerOf(pattern: Pod): PodMaker {
  return {
    pattern,
    at: 0 as Instant,
    cause: 0,
    keyOf: ({ end }) => `shop/web-${end}`,
    uidOf: ({ key }) => `uid of ${key}`,
    make: (pod) => {
      const metadata = { ...pattern.metadata, name: splitKey(pod.key).name, uid: pod.uid };
      const podIPs = pod.addresses.map((address) => ({ ip: address }));
      const { podIP: _any, ...status } = { ...pattern.status, podIPs };
      return deepFreeze({
        ...pattern,
        metadata,
        spec: { ...pattern.spec, nodeName: pod.scope },
        status,
      });
    },
  };
}

/** Pods of one series or two, of which the first may be a pod like any other. */
function podsFrom(stream: Stream): readonly Version[] {
  let maker = makerOf(patternFrom(stream));
  const pods: Version[] = [];
  for (let count = stream.below(5); count >= 0; count--) {
    const own = {
      revision: count,
      end: count,
      key: undefined,
      ...hostFrom(stream),
    };
    const pod = new LatePod(own, maker);
    const { key, at, cause, object, scope } = pod;
    pods.push(
      pick(stream, [
        pod,
        Object.freeze({
          ...pod,
          key,
          at,
          cause,
          object,
          scope,
          previous: undefined,
          late: undefined,
        }),
      ]),
    );
    if (stream.below(8) === 0) maker = makerOf(patternFrom(stream));
  }
  return Object.freeze(pods);
}

function serviceFrom(stream: Stream): Service {
  const service = serviceOf('web') as Service;
  const publishNotReadyAddresses = pick(stream, [false, true]);
  return deepFreeze({ ...service, spec: { ...service.spec, publishNotReadyAddresses } });
}

/** What a controller that knows of two nodes, one in a zone, makes of them. */
function lookAt(pods: readonly Version[], service: Service, family: Family) {
  const desired = new DesiredEndpoints();
  const labels = { 'topology.kubernetes.io/zone': 'a' };
  const [one, other] = [podOf('w1'), podOf('w2')];
  const zoned = { ...one, metadata: { ...one.metadata, labels } };
  desired.onNode({ key: 'worker-1', before: undefined, after: zoned, cause: 0 });
  desired.onNode({ key: 'worker-2', before: undefined, after: other, cause: 0 });
  const pass = new Pass('Service', 'shop/web', 'spec');
  return { groups: desired.of(service, family, pods, pass), failure: pass.failure };
}

/** What a proxy reads. */
function plainly({ addresses, conditions, nodeName }: ReachedEndpoint): object {
  return { addresses, conditions, nodeName };
}

describe('endpoints that wait for a reader', () => {
  it('are those that a look at each pod finds, and right', () => {
    let late = 0;
    for (let seed = 0; seed < 600; seed++) {
      const stream = new Stream(seed * 7919);
      const [pods, service] = [podsFrom(stream), serviceFrom(stream)];
      const family = pick(stream, ['IPv4', 'IPv6'] as const);
      const waiting = lookAt(pods, service, family);
      const objects = pods.map(({ object }) => object as Pod);
      const looked = lookAt(versionsOf(objects), service, family);
      expect(waiting.failure).to.equal(looked.failure);
      const plain = waiting.groups.map(({ ports, endpoints }) => ({ ports, endpoints }));
      expect(JSON.stringify(plain)).to.equal(JSON.stringify(looked.groups));
      const [group] = waiting.groups;
      if (!(group instanceof LateEndpoints)) continue;
      late++;
      expect(group.count).to.equal(pods.length);
      const { reached } = lookAt(pods, service, family).groups[0] as LateEndpoints;
      expect(reached.map(plainly)).to.deep.equal(group.endpoints.map(plainly));
      const areReady = group.endpoints.map(({ conditions }) => conditions!.ready);
      expect(group.hasReady).to.equal(areReady.includes(true));
      const metadata = { name: 'web-abcde', namespace: 'shop' };
      const slice = new LateSlice(metadata, family, group);
      expect(validateEndpointSlice(slice)).to.deep.equal([]);
    }
    expect(late).to.be.within(150, 450);
  });

  it('concern a Service anew as soon as there was a pass', () => {
    const pods = seriesOf(['shop/web-1', 'shop/web-2'], { namespace: 'shop', labels: LABELS });
    const logic = logicOf(pods, () => {});
    const come = (): readonly string[] => logic.comings!['Pod']!(new PodRun(pods, 0, 2));
    // It waits for its first pass since it has come.
    expect(come()).to.deep.equal([]);
    logic.reconcile('shop/web', new Pass('Service', 'shop/web', 'spec'));
    expect(come()).to.deep.equal(['shop/web']);
  });

  it('are read anew of a pod that has changed by itself since it came in a run', () => {
    const pods = seriesOf(['shop/web-1', 'shop/web-2'], { namespace: 'shop', labels: LABELS });
    const [previous, other] = pods;
    const given = podOf('web-1');
    const object = { ...given, metadata: { ...given.metadata, labels: LABELS } };
    const { key, at, cause, scope } = previous!;
    const changed: Version = { key, at, cause, scope, revision: 9, previous, object };
    const versions = [changed, other!];
    for (const [change, seen] of [
      [undefined, pods],
      [{ key: 'shop/web-1', before: previous!.object, after: object, cause: 0 }, versions],
    ] as const) {
      const found: (readonly Version[])[] = [];
      const logic = logicOf(versions, (those) => found.push(those));
      const service = deepFreeze(serviceOf('web'));
      logic.watches['Service']!({ key: 'shop/web', before: undefined, after: service, cause: 0 });
      logic.comings!['Pod']!(new PodRun(pods, 0, pods.length));
      if (change !== undefined) logic.watches['Pod']!(change);
      logic.reconcile('shop/web', new Pass('Service', 'shop/web', 'spec'));
      expect(found).to.deep.equal([seen]);
    }
  });
});

const LABELS = Object.freeze({ app: 'web' });

/** The controller, with a view that shows these pods, and told of those that it has found. */
function logicOf(
  pods: readonly Version[],
  onPods: (pods: readonly Version[]) => void,
): ControllerLogic {
  const view = {
    get: (kind: string) => (kind === 'Service' ? serviceOf('web') : undefined),
    getAll: () => [],
    list: () => [serviceOf('web')],
    versions: () => [...pods],
  };
  const kernel = new Kernel(1, -1 as Instant);
  const timing = { wait: () => ZERO };
  const logic = endpointslice.create({ kernel, view, timing } as unknown as Workplace);
  const { triggerTimes } = logic as unknown as { readonly triggerTimes: TriggerTimes };
  triggerTimes.earliestChange = (_key, _service, those) => {
    onPods(those);
    return undefined;
  };
  return logic;
}
