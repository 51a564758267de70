// Of a few Services whose pods crash in turn every state comes back, in one run and in each fork of
// it. Inputs that say the same are one object then, and so are the rules that were made of it.

import { OverlayMap } from '../../values/overlay-map';
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
  /** What it has become so far: a state that comes back does so by a step that was taken before. */
  readonly steps: Step[];
}

/** Other lists of some Service ports; undefined takes one away. */
export type EndpointChanges = ReadonlyMap<string, readonly Endpoint[] | undefined>;

interface Step {
  readonly changes: EndpointChanges;
  readonly input: ProxyInput;
}

/** By the Services, which are one object in all forks until one of them changes. */
const known = new WeakMap<ProxyInput['servicePorts'], Kept[]>();

/** What an input is after a change of its Services, of endpoints, or of both; itself after none. */
export function inputAfter(
  before: ProxyInput,
  servicePorts: ProxyInput['servicePorts'],
  changes: EndpointChanges,
): ProxyInput {
  const isOfThese = servicePorts === before.servicePorts;
  if (isOfThese && changes.size === 0) return before;
  const steps = isOfThese ? stepsFrom(before) : undefined;
  if (steps !== undefined) {
    for (const step of steps) if (isSameStep(step.changes, changes)) return step.input;
  }
  const { endpoints } = before;
  const next = changes.size === 0 ? endpoints : OverlayMap.of(endpoints).with(changes);
  const input = sharedInput(servicePorts, next, changes.keys());
  if (steps !== undefined && steps.unshift({ changes, input }) > KEPT_MAX) steps.pop();
  return input;
}

function stepsFrom(input: ProxyInput): Step[] | undefined {
  const kept = known.get(input.servicePorts);
  if (kept !== undefined) for (const it of kept) if (it.input === input) return it.steps;
  return undefined;
}

/** Lists that come back are one object (endpoints-map.ts). */
function isSameStep(one: EndpointChanges, other: EndpointChanges): boolean {
  if (one.size !== other.size) return false;
  for (const [key, list] of one) {
    if (other.get(key) !== list || !other.has(key)) return false;
  }
  return true;
}

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
  for (const it of kept) if (isSame(it, endpoints, first)) return it.input;
  if (kept.unshift({ input, entries: [...endpoints], steps: [] }) > KEPT_MAX) kept.pop();
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
