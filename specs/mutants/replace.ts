// How a wrong variant of the model comes to be: one function of it is put in the place of another,
// for as long as the variant lives. The model itself knows nothing of this.

/** Takes back what was done. */
export type Undo = () => void;

type Callable = (...args: never[]) => unknown;

/**
 * Puts another function in the place of `owner[name]`: a method of a prototype, a function of a
 * module, the `create` of a controller. `make` is given the right one. Throws where there is no
 * such function, so that a renamed one is noticed.
 */
export function replace<Function extends Callable>(
  owner: object,
  name: string,
  make: (original: Function) => Function,
): Undo {
  const place = owner as Record<string, Function>;
  const original = place[name];
  if (typeof original !== 'function')
    throw new TypeError(`there is no function ${name} to replace`);
  const isOwn = Object.hasOwn(owner, name);
  place[name] = make(original);
  return () => {
    if (isOwn) place[name] = original;
    else delete place[name];
  };
}

/** Takes several things back, the last one first. */
export function together(...undos: readonly Undo[]): Undo {
  return () => [...undos].reverse().forEach((undo) => undo());
}
