// Who watches a kind, or one scope of it, and who of them listens now: a version is told to those,
// and costs nothing for the thousands of kube-proxies that have not begun.

import { Phase } from '../kernel/phase';
import type { Informer } from './informer';

/** In the order in which they hear of a version at one instant. */
export const PHASES = [Phase.control, Phase.agent] as const;
export type Hearing = (typeof PHASES)[number];

/** When at an instant a component hears of what it watches. */
export function phaseOf(owner: string): Hearing {
  return owner.includes('@') ? Phase.agent : Phase.control;
}

const NOBODY: readonly number[] = Object.freeze([]);

/** Informers by their numbers, in the order in which they began to watch. */
export class Audience {
  all: readonly number[] = NOBODY;
  /** Its place among all audiences. */
  readonly number: number;
  /** Whether it watches one scope of a kind alone. */
  readonly isPart: boolean;
  /** While a cluster settles: up to which version it is told at each of its turns. */
  readonly turns: number[] = [];
  /** So many of its turns have come. */
  turnsBegun = 0;
  /** In which phases any of them hears, listening or not: a bit for each. */
  private phases = 0;
  private readonly informers: readonly Informer[];
  /** Undefined where they have to be found out anew. Never changed, only replaced. */
  private controllers: readonly number[] | undefined;
  private agents: readonly number[] | undefined;

  constructor(informers: readonly Informer[], number: number, isPart: boolean) {
    this.informers = informers;
    this.number = number;
    this.isPart = isPart;
  }

  add(id: number): void {
    // Most audiences are of one: a list that has grown keeps room for many more.
    if (this.all.length === 0) this.all = [id];
    else (this.all as number[]).push(id);
    this.phases |= 1 << phaseOf(this.informers[id]!.options.owner);
    this.changed();
  }

  /** Whether the last of its turns has yet to come. */
  get isOpen(): boolean {
    return this.turnsBegun < this.turns.length;
  }

  /** That turn goes on up to this version. */
  prolong(revision: number): void {
    this.turns[this.turns.length - 1] = revision;
  }

  /** The first phase begins a turn, whether anybody hears in it or not: what comes then is late. */
  isCalledIn(phase: Hearing): boolean {
    return phase === PHASES[0] || (this.phases & (1 << phase)) !== 0;
  }

  /** One of them has begun to listen, or has ceased to. */
  changed(): void {
    this.controllers = undefined;
    this.agents = undefined;
  }

  /** Those that listen now and hear in that phase. */
  listening(phase: Hearing): readonly number[] {
    if (phase === Phase.control) return (this.controllers ??= this.listeningIn(phase));
    return (this.agents ??= this.listeningIn(phase));
  }

  private listeningIn(phase: Hearing): readonly number[] {
    const isListening = (id: number): boolean => {
      const { isHeld, options } = this.informers[id]!;
      return !isHeld && phaseOf(options.owner) === phase;
    };
    const listening = this.all.filter(isListening);
    return listening.length === 0 ? NOBODY : Object.freeze(listening);
  }
}

/** The audiences of every kind and of its scopes. */
export class Audiences {
  /** In the order in which they came about. */
  readonly all: Audience[] = [];
  private readonly informers: readonly Informer[];
  private readonly byKind = new Map<string, Audience>();
  private readonly scoped = new Map<string, Map<string, Audience>>();

  constructor(informers: readonly Informer[]) {
    this.informers = informers;
  }

  /** The one of a kind (of one scope), made where there is none yet. */
  of(kind: string, scope?: string): Audience {
    if (scope === undefined) return this.in(this.byKind, kind, false);
    const scopes = this.scoped.get(kind) ?? new Map<string, Audience>();
    this.scoped.set(kind, scopes);
    return this.in(scopes, scope, true);
  }

  /** Those who watch a whole kind. */
  wholeOf(kind: string): Audience | undefined {
    return this.byKind.get(kind);
  }

  /** Those who watch one scope of it alone: they are told of a version after the others. */
  partOf(kind: string, scope: string | undefined): Audience | undefined {
    return scope === undefined ? undefined : this.scoped.get(kind)?.get(scope);
  }

  private in(audiences: Map<string, Audience>, name: string, isPart: boolean): Audience {
    const known = audiences.get(name);
    if (known !== undefined) return known;
    const audience = new Audience(this.informers, this.all.length, isPart);
    this.all.push(audience);
    audiences.set(name, audience);
    return audience;
  }
}
