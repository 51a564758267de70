// Who works slower than the table of delays says: what faults add to the work of single actors.

import type { Duration } from '../values/time';

/** Kinds of work: what the API server tells a client and is told by it, and the client's own. */
export const WORK = ['watch', 'write', 'sync'] as const;
export type Work = (typeof WORK)[number];

export interface Slowdown {
  /** What each piece of work takes more. */
  readonly add: Duration;
  /** How many times as long each takes, before anything is added. */
  readonly factor: number;
  readonly only: readonly Work[];
}

/** Steps of a piece of work that another step stands for: nothing is added to them. */
const PARTS: readonly string[] = ['kube-proxy.build', 'kube-proxy.effect'];

/** What a latency of the table is part of. */
function workOf(timer: string): Work {
  if (timer === 'apiserver.watch') return 'watch';
  return timer === 'apiserver.write' ? 'write' : 'sync';
}

/** Stands for every client of the API server. */
export const EVERYBODY = '*';

export class Slowdowns {
  /** By actor, then by who slows it down. */
  private readonly byActor = new Map<string, Map<string, Slowdown>>();

  /** Whether nobody is slowed down. */
  get isEmpty(): boolean {
    return this.byActor.size === 0;
  }

  set(actor: string, token: string, slowdown: Slowdown): void {
    const own = this.byActor.get(actor) ?? new Map<string, Slowdown>();
    this.byActor.set(actor, own.set(token, slowdown));
  }

  remove(actor: string, token: string): void {
    const own = this.byActor.get(actor);
    own?.delete(token);
    if (own?.size === 0) this.byActor.delete(actor);
  }

  /** How long the actor takes for what takes others `delay`: factors multiply, then sums add. */
  applied(timer: string, actor: string, delay: Duration): Duration {
    const work = workOf(timer);
    const own = [...this.of(actor), ...(work === 'sync' ? [] : this.of(EVERYBODY))].filter(
      ({ only }) => only.includes(work),
    );
    const factor = own.reduce((product, it) => product * it.factor, 1);
    const add = PARTS.includes(timer) ? 0 : own.reduce((sum, it) => sum + it.add, 0);
    return (Math.round(delay * factor) + add) as Duration;
  }

  /** The same for a part of the work that has no timer of its own: nothing is added to it. */
  scaled(actor: string, delay: Duration): Duration {
    const own = this.of(actor).filter(({ only }) => only.includes('sync'));
    const factor = own.reduce((product, it) => product * it.factor, 1);
    return Math.round(delay * factor) as Duration;
  }

  private of(actor: string): readonly Slowdown[] {
    return [...(this.byActor.get(actor)?.values() ?? [])];
  }
}
