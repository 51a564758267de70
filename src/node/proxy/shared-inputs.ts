// Of a few Services whose pods crash in turn every state comes back, in one run and in each fork of
// it. Inputs that say the same are one object then, and so are the rules that were made of it.

import { areSameEndpoints } from './endpoints-map';
import type { Endpoint, ProxyInput } from './proxy-mode';

/** How many inputs are kept for the same Services. */
const KEPT_MAX = 32;
/** With more Service ports than these there are too many states for one to come back. */
const PORTS_MAX = 64;

/** One that is kept, with its entries as a list: they are gone through again and again. */
interface Kept {
  readonly input: ProxyInput;
  readonly entries: readonly (readonly [key: string, endpoints: readonly Endpoint[]])[];
}

/** By the Services, which are one object in all forks until one of them changes. */
const known = new WeakMap<ProxyInput['servicePorts'], Kept[]>();

/** An input of these; `changed`: where to look first for what one that is kept has otherwise. */
export function sharedInput(
  servicePorts: ProxyInput['servicePorts'],
  endpoints: ProxyInput['endpoints'],
  changed: Iterable<string>,
): ProxyInput {
  const input: ProxyInput = Object.freeze({ servicePorts, endpoints });
  if (endpoints.size > PORTS_MAX) return input;
  let kept = known.get(servicePorts);
  if (kept === undefined) known.set(servicePorts, (kept = []));
  const first = [...changed];
  const same = kept.find((it) => isSame(it, endpoints, first));
  if (same !== undefined) return same.input;
  if (kept.unshift({ input, entries: [...endpoints] }) > KEPT_MAX) kept.pop();
  return input;
}

function isSame(
  { input, entries }: Kept,
  endpoints: ProxyInput['endpoints'],
  first: readonly string[],
): boolean {
  if (entries.length !== endpoints.size) return false;
  for (const key of first) {
    if (!areSameEndpoints(input.endpoints.get(key), endpoints.get(key))) return false;
  }
  for (const [key, list] of entries) {
    if (!areSameEndpoints(list, endpoints.get(key))) return false;
  }
  return true;
}
