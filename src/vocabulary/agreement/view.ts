// What `converge` compares: what the API says, and what each place of the data plane lives by.

import type { Instant } from '../../values/time';

/** One node, or one DNS server. */
export interface View {
  readonly place: string;
  /** What it lives by; equal to `Agreement.truth` where it agrees. */
  readonly state: string;
  /** What is wrong about it, as a sentence goes on after its name; empty where it agrees. */
  readonly trouble: string;
  /** Why it is not known what it lives by; `state` and `trouble` say so as well. */
  readonly notModelled?: string;
  /** Who would have to do something about it: `kube-proxy@worker-1`. */
  readonly agent: string;
}

export interface Agreement {
  /** What all places should live by. */
  readonly truth: string;
  readonly views: readonly View[];
  /** Objects that they should have seen; may be empty unless an explanation was asked for. */
  readonly objects: readonly string[];
  /** Since when the truth is as it is, where the API tells it. */
  readonly since?: Instant;
  /** Why the question does not arise. */
  readonly vacuous?: string;
}

/** There is nothing that could agree or disagree. */
export function noAgreement(vacuous: string): Agreement {
  return { truth: vacuous, views: [], objects: [], vacuous };
}
