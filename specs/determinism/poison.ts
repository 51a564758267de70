// What a run must not touch throws while one runs: the wall clock, timers and unseeded chance. A
// ban list sees our own sources only; this sees dependencies too.

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'] as const;

/** Calls `work` with the machine's clock, timers and chance taken away. */
export function withoutMachine<T>(work: () => T): T {
  const originals = new Map<string, PropertyDescriptor>();
  const poison = (owner: object, name: string, value: unknown) => {
    originals.set(name, Object.getOwnPropertyDescriptor(owner, name)!);
    Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  };
  const owners: readonly (readonly [object, string, unknown])[] = [
    [globalThis, 'Date', forbiddenDate()],
    [Math, 'random', forbidden('Math.random')],
    [globalThis, 'performance', new Proxy({}, { get: forbidden('performance') })],
    [process, 'hrtime', forbidden('process.hrtime')],
    ...TIMERS.map((name) => [globalThis, name, forbidden(name)] as const),
  ];
  for (const [owner, name, value] of owners) poison(owner, name, value);
  try {
    return work();
  } finally {
    for (const [owner, name] of owners) Object.defineProperty(owner, name, originals.get(name)!);
  }
}

function forbidden(name: string): () => never {
  return () => {
    throw new Error(`a run used ${name}: its result would depend on the machine`);
  };
}

/** Fails as a constructor, as a function, and by each of its own functions. */
function forbiddenDate(): unknown {
  const fail = forbidden('Date');
  return new Proxy(function date() {}, { construct: fail, apply: fail, get: fail });
}
