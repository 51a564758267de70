// What functions see: the variables around them, read through the inspector of node. With it a
// spec finds state that no walk over properties finds.

import { Session } from 'node:inspector';

interface Remote {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly description?: string;
}

interface Property {
  readonly name: string;
  readonly value?: Remote;
}

/** Where the inspector and this process hand each other values. */
const exchange = globalThis as unknown as { kubedrillExchange: unknown };

/** Variables of the surrounding functions, by scope and name. */
export class Closures {
  private readonly session = new Session();

  constructor() {
    this.session.connect();
  }

  close(): void {
    this.session.disconnect();
  }

  /** The variables that a function sees and that are not global. */
  variablesOf(seen: unknown): ReadonlyMap<string, unknown> {
    exchange.kubedrillExchange = seen;
    const { result } = this.post('Runtime.evaluate', {
      expression: 'globalThis.kubedrillExchange',
      objectGroup: 'closures',
    }) as { result: Remote };
    const scopes = this.propertiesOf(result.objectId, 'internalProperties').find(
      ({ name }) => name === '[[Scopes]]',
    );
    const found = new Map<string, unknown>();
    for (const { value: scope } of this.propertiesOf(scopes?.value?.objectId, 'result')) {
      const { description = '', objectId } = scope ?? {};
      if (!/^(Closure|Block)/.test(description)) continue;
      for (const { name, value } of this.propertiesOf(objectId, 'result')) {
        if (value !== undefined) found.set(`${description} ${name}`, this.realOf(value));
      }
    }
    this.post('Runtime.releaseObjectGroup', { objectGroup: 'closures' });
    return found;
  }

  private realOf({ objectId, value }: Remote): unknown {
    if (objectId === undefined) return value;
    const functionDeclaration = 'function () { globalThis.kubedrillExchange = this; }';
    this.post('Runtime.callFunctionOn', { objectId, functionDeclaration });
    return exchange.kubedrillExchange;
  }

  private propertiesOf(
    objectId: string | undefined,
    which: 'result' | 'internalProperties',
  ): readonly Property[] {
    if (objectId === undefined) return [];
    const found = this.post('Runtime.getProperties', { objectId, ownProperties: true });
    return (found as Record<string, readonly Property[]>)[which] ?? [];
  }

  /** The inspector of one's own thread answers at once. */
  private post(method: string, params: object): unknown {
    let answer: unknown;
    let problem: Error | null = null;
    this.session.post(method, params, (error, result) => {
      problem = error;
      answer = result;
    });
    if (problem !== null) throw new Error(`${method}: ${JSON.stringify(problem)}`);
    return answer;
  }
}
