// Waits that are as long as a manifest or the scenario says; of some the table has what holds where
// nobody says it. Chains of causes name them as they name timers.

/** By name: who says how long it is. */
export const DECLARED_WAITS = {
  'container.ending': "the container's behaviour: when it ends by itself",
  'container.onTerm': "the container's behaviour: what it does about SIGTERM, and for how long",
  'container.startup': "the container's behaviour: how long it starts",
  'coredns.reload': 'the plug-in `reload` of the Corefile',
  'degrade.delay': 'a fault that makes the way to the API server slow',
  'kubelet.probe': 'the period, the thresholds and the timeout of the probe',
  'lifecycle.preStop': 'the preStop hook of the container',
  'spec.activeDeadlineSeconds': 'the Job',
  'spec.minReadySeconds': 'the workload of the pod',
  'spec.progressDeadlineSeconds': 'the Deployment',
  'spec.terminationGracePeriodSeconds': 'the pod, or whoever deletes it',
  'spec.ttlSecondsAfterFinished': 'the Job',
  'stale.hold': 'a fault that holds up what a client is told',
  'step.for': 'the `for` of a step of the timeline',
  'step.plus': 'the `plus` of a step of the timeline',
} as const;

export type DeclaredWait = keyof typeof DECLARED_WAITS;

/** Whether a wait of that name is one of these. */
export function isDeclared(name: string): name is DeclaredWait {
  return Object.hasOwn(DECLARED_WAITS, name);
}
