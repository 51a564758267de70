// One way of failing: whom it can be said of, the words that go with it, and what it does.

import type { Cluster } from '../../cluster/cluster';
import type { Machinery, ManifestProblem } from '../../language/lexicon';
import type { Injection, InjectionContext } from '../define';
import type { FailArgs } from './arguments';

export interface Way {
  /** The key that says it, and the first word of its effects. */
  readonly name: keyof FailArgs;
  /** Whom it can be said of, as the report of a wrong target lists them. */
  readonly targets: readonly TargetKey[];
  /** Components that it can be said of. */
  readonly components: readonly string[];
  /** Other keys that mean something with it. */
  readonly words: readonly (keyof FailArgs)[];
  check?(args: FailArgs): readonly ManifestProblem[];
  checkIn?(args: FailArgs, cluster: Machinery): readonly ManifestProblem[];
  inject(cluster: Cluster, args: FailArgs, context: InjectionContext): Injection;
  /** Hits what has come to match since. */
  extend?(
    cluster: Cluster,
    args: FailArgs,
    context: InjectionContext,
    held: ReadonlySet<string>,
  ): Injection;
  /** Mends one thing of the faults of one step. */
  undo(cluster: Cluster, name: string, token: string): void;
}

export type TargetKey = 'component' | 'pod' | 'pods' | 'upstream' | 'node' | 'nodes';

/** `dns shop/coredns-x coredns-lies`: what, whom, and by which step. */
export function effectOf(way: string, name: string, token: string): string {
  return `${way} ${name} ${token}`;
}
