// What the API server would say about an object, line by line.

import { check } from '../../../src/apiserver/kinds';
import type { KubeObject } from '../../../src/values/kube-object';

/** Problems as `severity path: message`, with ` (hint)` where there is one. */
export function verdictOn(object: KubeObject): string[] {
  return check(object).map(({ severity, path, message, hint }) => {
    const line = `${severity} ${path}: ${message}`;
    return hint === undefined ? line : `${line} (${hint})`;
  });
}

/** An object of the namespace shop, as a manifest has it. */
export function manifest(apiVersion: string, kind: string, parts: object): KubeObject {
  return { apiVersion, kind, metadata: { name: 'web', namespace: 'shop' }, ...parts };
}
