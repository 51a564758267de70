// The two ends of a question that the cluster is asked.

import type { Protocol } from './flow';
import type { IP } from './ip';

/** Who sends a packet or asks for a name. Pods by `namespace/name`. */
export type Origin =
  | { readonly pod: string; readonly container?: string }
  | { readonly node: string }
  | { readonly external: string };

/** Where a packet goes, after name resolution. */
export interface Destination {
  readonly address: IP;
  readonly port: number;
  readonly protocol: Protocol;
}
