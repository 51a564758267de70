// Where an object comes from: what a manifest says of it, and where it says so. Kept beside the
// objects, not in them: the API knows nothing of files.

import type { SourceRange } from './diagnostic';
import type { KubeObject } from './kube-object';

export interface Definition {
  /** As the manifest has it, before the API server fills in any default. */
  readonly object: KubeObject;
  readonly range: SourceRange;
  /** The items of the lists in its spec, by path: `spec.ingress[0]`. */
  readonly items: Readonly<Record<string, SourceRange>>;
}

/** `shop/policies.yaml:12:1`, as editors and terminals make a link of it. */
export function formatPlace({ file, line, column }: SourceRange): string {
  return `${file}:${line}:${column}`;
}
