/**
 * The order of events at one instant. IMPORTANT: earlier phases always go first, also when they
 * were scheduled later; so an observation sees a settled instant, and "at 10s" has one meaning.
 * Changing this order changes the result of scenarios.
 */
export const Phase = {
  /** A fault or an administrator's action takes effect. */
  fault: 0,
  /** The API server commits a write. */
  api: 1,
  /** A controller of the control plane sees a change or reconciles. */
  control: 2,
  /** An agent on a node (kubelet, kube-proxy, CNI) sees a change or acts. */
  agent: 3,
  /** What waits until all of the above has come to rest. */
  rest: 4,
  /** A packet is sent, or an entry of a table expires. */
  traffic: 5,
  /** A claim is observed. */
  observe: 6,
} as const;

export type Phase = (typeof Phase)[keyof typeof Phase];
