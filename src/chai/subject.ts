// What an assertion is about: `drill.pod('shop/client')`, `drill.service('shop/web')`. A subject
// stands for a part of a claim's arguments; the assertion brings the rest.

import type { Drill } from './drill';

export interface Subject {
  readonly drill: Drill;
  /** The arguments that the subject stands for. */
  readonly args: Readonly<Record<string, unknown>>;
  /** What an earlier instant left behind, for claims about something begun then. */
  readonly prepared?: unknown;
}

/** Who sends or asks: the `from` of a claim. */
export class Sender implements Subject {
  readonly drill: Drill;
  readonly args: { readonly from: unknown };

  constructor(drill: Drill, from: unknown) {
    this.drill = drill;
    this.args = { from };
  }

  /**
   * Opens one connection for each possible path and keeps it, so that a later assertion can ask
   * what becomes of its next packet: `expect(connection).to.reach()`.
   */
  open(to: string): KeptConnection {
    return this.drill.open(this, to);
  }

  /** Notes whom a client can meet now, so that `affinity` can ask whether it meets it again. */
  visit(to: string): ReturningClient {
    return this.drill.visit(this, to);
  }
}

/** A client that was there at an earlier instant. */
export class ReturningClient implements Subject {
  readonly drill: Drill;
  readonly args: { readonly from: unknown; readonly to: string; readonly visited: string };
  readonly prepared: unknown;

  constructor(drill: Drill, args: ReturningClient['args'], prepared: unknown) {
    this.drill = drill;
    this.args = args;
    this.prepared = prepared;
  }
}

/** Connections that were opened at an earlier instant. */
export class KeptConnection implements Subject {
  readonly drill: Drill;
  readonly args: { readonly from: unknown; readonly to: string; readonly opened: string };
  readonly prepared: unknown;

  constructor(drill: Drill, args: KeptConnection['args'], prepared: unknown) {
    this.drill = drill;
    this.args = args;
    this.prepared = prepared;
  }
}

/** A Service: the `service` of a claim. */
export class ServiceSubject implements Subject {
  readonly drill: Drill;
  readonly args: { readonly service: string };

  constructor(drill: Drill, service: string) {
    this.drill = drill;
    this.args = { service };
  }
}
