// The JSON patch of RFC 6902: a list of operations on places in the object.

import { equalJson } from './json';
import { PatchError } from './strategic-merge';

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

/** The object after every operation, in order. Throws PatchError where one cannot be done. */
export function jsonPatch(target: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) throw new PatchError('a JSON patch is a list of operations');
  return (operations as readonly Operation[]).reduce(perform, target);
}

function perform(target: unknown, operation: Operation): unknown {
  const { op, path, from, value } = operation;
  const place = pointer(path);
  switch (op) {
    case 'add':
      return put(target, place, value, 'add');
    case 'replace':
      return put(target, place, value, 'replace');
    case 'remove':
      return remove(target, place);
    case 'move':
      return put(remove(target, pointer(from)), place, at(target, pointer(from)), 'add');
    case 'copy':
      return put(target, place, at(target, pointer(from)), 'add');
    case 'test':
      if (equalJson(at(target, place), value)) return target;
      throw new PatchError(`testing path ${path} failed`);
    default:
      throw new PatchError(`there is no operation "${op}"`);
  }
}

function pointer(path: string | undefined): readonly string[] {
  if (path === undefined || (path !== '' && !path.startsWith('/'))) {
    throw new PatchError(`"${path ?? ''}" is no JSON pointer`);
  }
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((part, name) => childOf(part, name, path), value);
}

function childOf(value: unknown, name: string, path: readonly string[]): unknown {
  if (Array.isArray(value) && /^\d+$/.test(name) && Number(name) < value.length) {
    return value[Number(name)] as unknown;
  }
  if (isMapping(value) && Object.hasOwn(value, name)) return value[name];
  throw new PatchError(`there is nothing at /${path.join('/')}`);
}

function put(
  target: unknown,
  path: readonly string[],
  value: unknown,
  how: 'add' | 'replace',
): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (rest.length > 0) {
    return withChild(target, name, put(childOf(target, name, path), rest, value, how));
  }
  if (how === 'replace') childOf(target, name, path);
  if (!Array.isArray(target)) return withChild(target, name, value);
  if (how === 'replace') return target.with(Number(name), value);
  const index = name === '-' ? target.length : Number(name);
  if (!/^(\d+|-)$/.test(name) || index > target.length) {
    throw new PatchError(`there is no place ${name} in a list of ${target.length}`);
  }
  return target.toSpliced(index, 0, value);
}

function remove(target: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) throw new PatchError('the object itself cannot be removed');
  const child = childOf(target, name, path);
  if (rest.length > 0) return withChild(target, name, remove(child, rest));
  if (Array.isArray(target)) return target.toSpliced(Number(name), 1);
  const { [name]: _removed, ...others } = target as Readonly<Record<string, unknown>>;
  return others;
}

function withChild(target: unknown, name: string, value: unknown): unknown {
  if (Array.isArray(target)) return target.with(Number(name), value);
  if (!isMapping(target)) throw new PatchError(`"${name}" has nowhere to stand`);
  return { ...target, [name]: value };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
