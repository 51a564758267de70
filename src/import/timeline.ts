// What an import makes: steps of a timeline, before they are written down.

import type { Duration } from '../values/time';
import type { Remark } from './remark';

/** When a fault happens. */
export interface Occasion {
  readonly at: Duration;
  readonly every?: Duration;
  readonly times?: number;
}

/** A fault of the language with its arguments. */
export interface ImportedFault {
  readonly verb: 'kill' | 'cut' | 'degrade' | 'fail' | 'skew';
  readonly args: Readonly<Record<string, unknown>>;
}

export interface ImportedStep extends Occasion, ImportedFault {
  /** How long it lasts; without it, for ever, or it happens once. */
  readonly lasts?: Duration;
}

/** One object of a file with the steps that stand for it; none where nothing can. */
export interface ImportedObject {
  /** `NetworkChaos shop/web-delay, chaos.yaml:12`: for the comment above its steps. */
  readonly title: string;
  readonly steps: readonly ImportedStep[];
  /** What its steps do not say, in the order of the file. */
  readonly remarks: readonly Remark[];
  /** Machines outside of the cluster that its steps name. */
  readonly externals: Readonly<Record<string, { readonly ip: string }>>;
}
