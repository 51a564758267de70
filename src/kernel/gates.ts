// Who is stopped and may not act, as a process is after SIGSTOP. What happens to a stopped owner
// waits here and is handled when the owner goes on: its timers have expired meanwhile.

import type { Event } from './event-queue';

export class Gates {
  /** Why each stopped owner is stopped: it goes on when the last reason is gone. */
  private readonly tokens = new Map<string, Set<string>>();
  /** The events of stopped owners, in the order in which their time came. */
  private readonly parked = new Map<string, Event[]>();

  /** Whether nobody is stopped: then no event needs to be asked for its owner. */
  get allOpen(): boolean {
    return this.tokens.size === 0;
  }

  isClosed(owner: string): boolean {
    return this.tokens.has(owner);
  }

  /** Stops the owner for a reason. The same reason twice is one. */
  close(owner: string, token: string): void {
    const own = this.tokens.get(owner);
    if (own === undefined) this.tokens.set(owner, new Set([token]));
    else own.add(token);
  }

  /** Takes a reason back. Where it was the last one, returns what has waited for that. */
  open(owner: string, token: string): readonly Event[] {
    const own = this.tokens.get(owner);
    if (own?.delete(token) !== true || own.size > 0) return [];
    this.tokens.delete(owner);
    const events = this.parked.get(owner) ?? [];
    this.parked.delete(owner);
    return events;
  }

  park(owner: string, event: Event): void {
    const events = this.parked.get(owner);
    if (events === undefined) this.parked.set(owner, [event]);
    else events.push(event);
  }
}
