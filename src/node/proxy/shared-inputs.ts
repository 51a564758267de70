// Of a few Services whose pods crash in turn every state comes back, in one run and in each fork of
// it. Inputs that say the same are one object then, and so are the rules that were made of it.

import { areSameEndpoints } from './endpoints-map';
import type { ProxyInput } from './proxy-mode';

/** How many inputs are kept for the same Services. */
const KEPT_MAX = 32;
/** With more Service ports than these there are too many states for one to come back. */
const PORTS_MAX = 64;

/** By the Services, which are one object in all forks until one of them changes. */
const kept = new WeakMap<ProxyInput['servicePorts'], ProxyInput[]>();

/** An input of these; `changed`: where to look first for what one that is kept has otherwise. */
export function sharedInput(
  servicePorts: ProxyInput['servicePorts'],
  endpoints: ProxyInput['endpoints'],
  changed: Iterable<string>,
): ProxyInput {
  const input: ProxyInput = Object.freeze({ servicePorts, endpoints });
  if (endpoints.size > PORTS_MAX) return input;
  const inputs = kept.get(servicePorts);
  if (inputs === undefined) {
    kept.set(servicePorts, [input]);
    return input;
  }
  const first = [...changed];
  const known = inputs.find((it) => isSame(it.endpoints, endpoints, first));
  if (known !== undefined) return known;
  if (inputs.unshift(input) > KEPT_MAX) inputs.pop();
  return input;
}

function isSame(
  one: ProxyInput['endpoints'],
  other: ProxyInput['endpoints'],
  first: readonly string[],
): boolean {
  if (one.size !== other.size) return false;
  for (const key of first) if (!areSameEndpoints(one.get(key), other.get(key))) return false;
  for (const key of other.keys()) {
    if (!areSameEndpoints(one.get(key), other.get(key))) return false;
  }
  return true;
}
