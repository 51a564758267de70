// The form of a kind's file: how objects of one kind are called, completed and judged.

import { copyWith, deepFreeze } from '../../values/kube-object';
import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import { FoundRight } from '../found-right';
import { withoutNulls } from '../json';
import { unmodelledFields } from './fields';
import type { FieldTable } from './fields';

export interface KindDefinition {
  /** The API versions that are served, the preferred one first. */
  readonly apiVersions: readonly string[];
  /** API versions that were served once, with the release that dropped each. */
  readonly removedVersions?: Readonly<Record<string, string>>;
  readonly kind: string;
  /** In lower case, as in `kubectl get deployments`. */
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** The fields beside `metadata` and `status`, and what the model makes of them. */
  readonly fields: FieldTable;
  /** The object with every default of the API filled in. Pure; the input is not changed. */
  defaults(object: KubeObject): KubeObject;
  /**
   * What is wrong with a completed object. Parts that it shares with `previous`, which stands and
   * so was found right, may be passed over.
   */
  validate(object: KubeObject, previous?: KubeObject): readonly ManifestProblem[];
  /** What is wrong with a change of a completed object: fields that must stay as they are. */
  validateChange?(object: KubeObject, previous: KubeObject): readonly ManifestProblem[];
}

/** Names a definition; the literal is the kind's whole description. */
export function defineKind(definition: KindDefinition): KindDefinition {
  return definition;
}

export function error(path: string, message: string, hint?: string): ManifestProblem {
  return problem('error', path, message, hint);
}

export function warning(path: string, message: string, hint?: string): ManifestProblem {
  return problem('warning', path, message, hint);
}

/** A value as a message shows it: `"web"`, `5`, `{"a":1}`. */
export function quote(value: unknown): string {
  return value === undefined ? 'a missing value' : JSON.stringify(value);
}

/** Says of a value that it is not one of those that are possible. */
export function noneOf(value: unknown, possible: readonly unknown[]): string {
  const known = possible.join(', ');
  if (value === undefined) return `must be one of ${known}, is missing`;
  return `${quote(value)} is none of ${known}`;
}

function problem(
  severity: ManifestProblem['severity'],
  path: string,
  message: string,
  hint: string | undefined,
): ManifestProblem {
  return { path, severity, message, ...(hint === undefined ? {} : { hint }) };
}

/** Everything that is wrong with, or not modelled in, a manifest of a known kind. */
export function checkManifest(definition: KindDefinition, object: KubeObject): ManifestProblem[] {
  const given = withoutNulls(object);
  const problems = unmodelledFields(given, definition.fields);
  // Rules are for objects of the right shape; of any other one it is said that it is wrong.
  if (problems.some(isError)) return problems;
  const completed = definition.defaults(given);
  // What may still change is no key.
  const isLasting = Object.isFrozen(object);
  if (isLasting) deepFreeze(completed);
  problems.push(...definition.validate(completed));
  if (isLasting && !problems.some(isError)) completions.set(object, completed);
  return problems;
}

/**
 * What a manifest comes to in which nothing was wrong when it was read, or an object that is right
 * by its making: whoever creates it needs neither to complete nor to judge it again. Undefined for
 * any other object.
 */
export function completionOf(object: KubeObject): KubeObject | undefined {
  return object instanceof FoundRight ? object : completions.get(object);
}

const completions = new WeakMap<KubeObject, KubeObject>();

function isError({ severity }: ManifestProblem): boolean {
  return severity === 'error';
}

/** `spec.ports[0].port`: a JSON pointer as Kubernetes writes field paths. */
export function fieldPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

/**
 * `defaults` under what `given` says. Returns `given` itself where it says everything already, so
 * that an unchanged part stays the same object.
 */
export function complete<T extends object>(given: T | undefined, defaults: Partial<T>): T {
  if (given !== undefined && holdsAll(given, Object.keys(defaults))) return given;
  return copyWith(defaults, given ?? NOTHING) as T;
}

const NOTHING = Object.freeze({});

function holdsAll(given: object, fields: readonly string[]): boolean {
  for (const field of fields) {
    if ((given as Readonly<Record<string, unknown>>)[field] === undefined) return false;
  }
  return true;
}
