// What can be wrong about the commands of administrators, and about what they set going.

import * as eviction from '../../src/apiserver/eviction';
import { Informer } from '../../src/apiserver/informer';
import * as patches from '../../src/apiserver/patch';
import { deployment } from '../../src/controllers/workloads/deployment';
import * as progress from '../../src/controllers/workloads/deployment-progress';
import type { ControllerDefinition, ControllerLogic } from '../../src/controllers/define';
import { disruption } from '../../src/controllers/workloads/disruption';
import type { ContainerRuntime } from '../../src/node/kubelet/container-runtime';
import { ContainerRuntime as Runtime } from '../../src/node/kubelet/container-runtime';
import * as probes from '../../src/node/kubelet/probes';
import { seconds } from '../../src/values/time';
import { withDelays } from './delays';
import type { Mutant } from './mutants';
import { replace } from './replace';
import type { Undo } from './replace';

/** Changes the memory of a controller whenever one is made. */
function inController(
  definition: ControllerDefinition,
  change: (logic: ControllerLogic) => void,
): Undo {
  return replace<ControllerDefinition['create']>(definition, 'create', (create) => (workplace) => {
    const logic = create(workplace);
    change(logic);
    return logic;
  });
}

type Rollout = { scale(owner: object, scales: readonly object[], pass: object): void };

/** Takes every old pod away before a new one is there. */
function replaceAllAtOnce(logic: ControllerLogic): void {
  replace(logic, 'rollOut', () => (owner: object, fresh: object, old: object[], pass: object) => {
    const { replicas } = (owner as { spec: { replicas: number } }).spec;
    const down = old.map((set) => ({ set, replicas: 0 }));
    (logic as unknown as Rollout).scale(owner, [...down, { set: fresh, replicas }], pass);
  });
}

export const ADMINISTRATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'rollout-all-at-once',
    sentence: 'A Deployment takes all of its old pods away as soon as there is a new template.',
    scenario: 'scenarios/lifecycle/rollout-surge-unavailable-zero-lost.yaml',
    expectation: 'there are never fewer than three pods ready',
    breaks: () => inController(deployment, replaceAllAtOnce),
  },
  {
    name: 'deadline-never-passes',
    sentence: 'Nobody looks again at a Deployment whose rollout makes no progress.',
    scenario: 'scenarios/lifecycle/stuck-rollout.yaml',
    expectation: 'it gives the rollout up',
    breaks: () => replace(progress, 'deadlineOf', () => () => undefined),
  },
  {
    name: 'eviction-without-budget',
    sentence: 'An eviction asks no disruption budget.',
    scenario: 'scenarios/lifecycle/drain-under-budget.yaml',
    expectation: 'of two evictions one is refused',
    breaks: () =>
      replace<typeof eviction.judgeEviction>(eviction, 'judgeEviction', () => () => ({
        is: 'free',
      })),
  },
  {
    name: 'budget-never-counted-again',
    sentence: 'The disruption controller counts the pods of a budget once.',
    scenario: 'scenarios/lifecycle/drain-under-budget.yaml',
    expectation: 'the node is empty after this long',
    breaks: () => inController(disruption, (logic) => void replace(logic, 'onPod', () => () => [])),
  },
  {
    name: 'eviction-tried-again-too-soon',
    sentence: 'kubectl tries a refused eviction again after a second.',
    scenario: 'scenarios/lifecycle/drain-under-budget.yaml',
    expectation: 'of two evictions one is refused',
    breaks: () => withDelays({ 'kubectl.evictRetry': seconds(1) }),
  },
  {
    name: 'prestop-skipped',
    sentence: 'The kubelet sends SIGTERM at once, whatever the preStop hook says.',
    scenario: 'scenarios/lifecycle/delete-race-prestop-5.yaml',
    expectation: 'the process gets SIGTERM five seconds after',
    breaks: () =>
      replace<ContainerRuntime['stop']>(Runtime.prototype, 'stop', (stop) => {
        return function (this: ContainerRuntime, container, deadline) {
          const { lifecycle: _lifecycle, ...spec } = container.spec;
          Object.assign(container, { spec });
          stop.call(this, container, deadline);
        };
      }),
  },
  {
    name: 'rules-before-the-endpoints',
    sentence: 'A watch event takes no time.',
    scenario: 'scenarios/lifecycle/delete-race-no-prestop.yaml',
    expectation: 'until the rules of its node lead elsewhere',
    breaks: () => withDelays({ 'apiserver.watch': seconds(0) }),
  },
  {
    name: 'one-failed-probe-suffices',
    sentence: 'A pod is not ready after one failed probe.',
    scenario: 'scenarios/lifecycle/readiness-25s.yaml',
    expectation: 'until the third probe has failed',
    breaks: () =>
      replace<typeof probes.newProbe>(probes, 'newProbe', (newProbe) => (...args) => ({
        ...newProbe(...args),
        failureThreshold: 1,
      })),
  },
  {
    name: 'shutdown-is-noticed',
    sentence: 'A node that shuts down counts as lost five seconds later.',
    scenario: 'scenarios/lifecycle/graceful-node-shutdown-no-endpoint-change.yaml',
    expectation: 'all three backends are ready endpoints',
    breaks: () => withDelays({ 'controller-manager.nodelifecycle.monitorGracePeriod': seconds(5) }),
  },
  {
    name: 'lists-are-replaced',
    sentence: 'A strategic merge patch replaces lists, as a JSON merge patch does.',
    scenario: 'scenarios/lifecycle/patched-deployment.yaml',
    expectation: 'the port keeps its name',
    breaks: () =>
      replace<typeof patches.patched>(patches, 'patched', (patched) => (current, patch, type) => {
        return patched(current, patch, type === 'strategic' ? 'merge' : type);
      }),
  },
  {
    name: 'no-execute-ignored',
    sentence: 'The controller that evicts for taints hears of nothing.',
    scenario: 'scenarios/lifecycle/node-maintenance.yaml',
    expectation: 'the taint empties it once more',
    breaks: () =>
      replace<Informer['deliver']>(Informer.prototype, 'deliver', (deliver) => {
        return function (this: Informer, revision) {
          if (this.options.owner !== 'controller-manager/taint-eviction') {
            deliver.call(this, revision);
          }
        };
      }),
  },
];
