// What the kinds say about manifests, and the words by which kinds are called. The language hands
// these on; the API server's kinds provide them.

import type { Severity } from './diagnostic';
import type { KubeObject } from './kube-object';

/** What a kind's file says about a manifest: problems by path inside of it. */
export interface ManifestProblem {
  /** JSON pointer into the manifest: `/spec/ports/0/port`. */
  readonly path: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint?: string;
  /** It amounts to nothing, which the rows of a matrix may say: one of them is the control. */
  readonly isIdle?: true;
}

export interface KindWords {
  /** Singular, plural and short names in lower case (`pod`, `pods`, `po`) to the kind. */
  readonly names: ReadonlyMap<string, string>;
  /** Whether objects of this kind and API version are known to have no namespace. */
  isNamespaced(apiVersion: string, kind: string): boolean;
  /** Wrong or unmodelled parts of a manifest. Unknown kinds give one warning. */
  check(object: KubeObject): readonly ManifestProblem[];
}
