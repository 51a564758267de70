// What can be wrong about the API server, the controllers and the scheduler.

import { ClusterIpAllocator } from '../../src/apiserver/cluster-ip-allocator';
import type {
  ControllerDefinition,
  ControllerLogic,
  Workplace,
} from '../../src/controllers/define';
import { endpointslice } from '../../src/controllers/endpointslices/endpointslice';
import { endpointsliceMirroring } from '../../src/controllers/endpointslices/endpointslice-mirroring';
import type { NodesByLoad } from '../../src/controllers/scheduling/nodes-by-load';
import * as jobBackoff from '../../src/controllers/jobs/job-backoff';
import * as replicaCalculator from '../../src/controllers/autoscaling/replica-calculator';
import { replicaset } from '../../src/controllers/workloads/replicaset';
import { scheduler } from '../../src/controllers/scheduling/scheduler';
import { ZoneCensus } from '../../src/controllers/nodes/zone-disruption';
import * as sliceEndpoint from '../../src/controllers/endpointslices/slice-endpoint';
import type { Change } from '../../src/apiserver/informer';
import * as node from '../../src/apiserver/kinds/node';
import { addressAt } from '../../src/values/cidr';
import type { KubeObject, ObjectKey } from '../../src/values/kube-object';
import { seconds, ZERO } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace } from './replace';
import type { Undo } from './replace';

/** Changes the memory of a controller whenever one is made. */
function inController(
  definition: ControllerDefinition,
  change: (logic: ControllerLogic, workplace: Workplace) => void,
): Undo {
  return replace<ControllerDefinition['create']>(definition, 'create', (create) => (workplace) => {
    const logic = create(workplace);
    change(logic, workplace);
    return logic;
  });
}

type EndpointOf = typeof sliceEndpoint.endpointOf;
type Conditions = NonNullable<ReturnType<EndpointOf>['conditions']>;

function withConditions(change: (conditions: Conditions) => Conditions): Undo {
  return replace<EndpointOf>(sliceEndpoint, 'endpointOf', (endpointOf) => (...args) => {
    const endpoint = endpointOf(...args);
    return { ...endpoint, conditions: change(endpoint.conditions!) };
  });
}

export const CONTROL_PLANE_MUTANTS: readonly Mutant[] = [
  {
    name: 'readiness-ignored',
    sentence: 'Every pod with an address is a ready endpoint, whatever its probes say.',
    scenario: 'scenarios/troubleshooting/pod-unready.yaml',
    expectation: 'is refused by unready:80',
    breaks: () => withConditions((conditions) => ({ ...conditions, ready: true })),
  },
  {
    name: 'terminating-stays-ready',
    sentence: 'A pod that is being deleted counts as ready while its probes succeed.',
    scenario: 'scenarios/timing/pod-deletion.yaml',
    expectation: 'never fails to reach backend:80',
    breaks: () => withConditions((conditions) => ({ ...conditions, ready: conditions.serving! })),
  },
  {
    name: 'deleted-pod-stays-endpoint',
    sentence: 'The slice controller does not look at a Service because one of its pods goes.',
    scenario: 'scenarios/services/equal-shares.yaml',
    expectation: '1/2',
    breaks: () =>
      inController(endpointslice, (logic) => {
        replace(logic, 'onPod', (onPod: (change: Change) => Iterable<ObjectKey>) => (change) => {
          const keys = onPod.call(logic, change);
          return change.after === undefined || isGoing(change.after) ? [] : keys;
        });
      }),
  },
  {
    name: 'no-replacement',
    sentence: 'A ReplicaSet makes no pod in place of one that is gone.',
    scenario: 'scenarios/pods/ephemeral-addresses.yaml',
    expectation: 'the replacement is ready',
    breaks: () =>
      inController(replicaset, (logic, { kernel }) => {
        replace(logic, 'create', (create: (...args: never[]) => void) => (...args) => {
          if (kernel.now < 0) create.apply(logic, args);
        });
      }),
  },
  {
    name: 'mirrors-once',
    sentence: 'Endpoints that change are not mirrored again.',
    scenario: 'scenarios/services/endpoints-by-hand.yaml',
    expectation: 'the client reaches the new database alone',
    breaks: () =>
      inController(endpointsliceMirroring, (logic, { kernel }) => {
        replace(logic, 'reconcile', (reconcile: (...args: never[]) => void) => (...args) => {
          if (kernel.now < 0) reconcile.apply(logic, args);
        });
      }),
  },
  {
    name: 'job-never-waits',
    sentence: 'A Job replaces a failed pod at once.',
    scenario: 'scenarios/lifecycle/job-retries.yaml',
    expectation: 'the third one 20 s after the second',
    breaks: () =>
      replace<typeof jobBackoff.nextAttempt>(jobBackoff, 'nextAttempt', () => () => undefined),
  },
  {
    name: 'scales-down-at-once',
    sentence: 'An autoscaler believes at once that the load has fallen.',
    scenario: 'scenarios/lifecycle/autoscaling.yaml',
    expectation: 'for five minutes',
    breaks: () => withDelays({ 'controller-manager.hpa.downscaleStabilization': ZERO }),
  },
  {
    name: 'metrics-never-asked',
    sentence: 'An autoscaler takes whatever the pods use for what it wants.',
    scenario: 'scenarios/lifecycle/autoscaling.yaml',
    expectation: 'there are four',
    breaks: () =>
      replace<typeof replicaCalculator.proposeReplicas>(
        replicaCalculator,
        'proposeReplicas',
        () =>
          ({ replicas }) => ({ replicas, averageValue: 0 }),
      ),
  },
  {
    name: 'one-node-for-all',
    sentence: 'The scheduler puts every pod on the first node.',
    scenario: 'scenarios/lifecycle/spreading.yaml',
    expectation: 'one backend on worker-2',
    breaks: () =>
      inController(scheduler, (logic) => {
        const { loads } = logic as unknown as { loads: NodesByLoad };
        replace(logic, 'choose', () => () => loads.numberOf('worker-1'));
      }),
  },
  {
    name: 'taints-ignored',
    sentence: 'Every pod tolerates every taint.',
    scenario: 'scenarios/lifecycle/spreading.yaml',
    expectation: 'none on the tainted node',
    breaks: () => replace<typeof node.tolerates>(node, 'tolerates', () => () => true),
  },
  {
    name: 'clusterip-twice',
    sentence: 'The API server gives every Service the same address.',
    scenario: 'scenarios/lifecycle/service-addresses.yaml',
    expectation: 'shop/frontend reaches green:80',
    breaks: () =>
      replace(ClusterIpAllocator.prototype, 'allocate', () => {
        return function (this: ClusterIpAllocator) {
          return addressAt(this.range, 300);
        };
      }),
  },
  {
    name: 'clusterip-taken-away',
    sentence: 'A Service may ask for an address that another one has.',
    scenario: 'scenarios/lifecycle/service-addresses.yaml',
    expectation: 'the Service that asks for a taken address is not stored',
    breaks: () => replace(ClusterIpAllocator.prototype, 'claim', () => () => undefined),
  },
  {
    name: 'grace-of-five-seconds',
    sentence: 'A node that is silent for five seconds counts as lost.',
    scenario: 'scenarios/lifecycle/node-reboot.yaml',
    expectation: 'the node never counts as lost',
    breaks: () => withDelays({ 'controller-manager.nodelifecycle.monitorGracePeriod': seconds(5) }),
  },
  {
    name: 'eviction-at-once',
    sentence: 'The pods of a silent node are evicted as soon as it is tainted.',
    scenario: 'scenarios/lifecycle/node-loss.yaml',
    expectation: 'three backends are ready again',
    breaks: () => withDelays({ 'apiserver.defaultUnreachableToleration': ZERO }),
  },
  {
    name: 'grace-of-two-minutes',
    sentence: 'A silent node has two minutes, so half of the lookups wait in vain all the while.',
    scenario: 'scenarios/dns/server-without-power.yaml',
    expectation: 'within 1m of "loss"',
    breaks: () =>
      withDelays({ 'controller-manager.nodelifecycle.monitorGracePeriod': seconds(120) }),
  },
  {
    name: 'grace-of-40-seconds',
    sentence: 'A silent node has 40 s in every version.',
    scenario: 'scenarios/timing/node-grace.yaml',
    expectation: 'the node is Unknown 39.6 s later',
    breaks: () =>
      withDelays({ 'controller-manager.nodelifecycle.monitorGracePeriod': seconds(40) }),
  },
  {
    name: 'grace-of-50-seconds',
    sentence: 'A silent node has 50 s in every version.',
    scenario: 'scenarios/timing/node-grace.yaml',
    expectation: 'the node is Unknown 29.6 s later',
    breaks: () =>
      withDelays({ 'controller-manager.nodelifecycle.monitorGracePeriod': seconds(50) }),
  },
  {
    name: 'evictions-without-a-rate',
    sentence: 'Every silent node of a zone is emptied at the same time.',
    scenario: 'scenarios/lifecycle/node-power-two-nodes-eviction-10s-apart.yaml',
    expectation: 'the pod on the second ends ten seconds after it',
    breaks: () => withDelays({ 'controller-manager.nodelifecycle.evictionInterval': ZERO }),
  },
  {
    name: 'total-silence-evicts',
    sentence: 'The control plane never takes itself for the one that is cut off.',
    scenario: 'scenarios/lifecycle/node-power-all-nodes-no-eviction.yaml',
    expectation: 'no pod is marked for deletion',
    breaks: () => replace(ZoneCensus.prototype, 'isAllSilent', () => () => false),
  },
];

function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined;
}
