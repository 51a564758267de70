// What is known of the leases that kubelets renew. No event stands for a single renewal: when the
// last one was follows from period and phase, and only the end and the return of renewals matter.

import type { Instant } from '../../values/time';

export interface Heartbeats {
  /** When the node's lease was last renewed, not after `now`; undefined if it never was. */
  lastRenewal(node: string, now: Instant): Instant | undefined;
  /** Whether renewals go on: the node has power, its kubelet runs and reaches the API server. */
  isBeating(node: string): boolean;
  /** Calls the listener at the instant at which a node's renewals stop or begin again. */
  onChange(listener: (node: string) => void): void;
}
