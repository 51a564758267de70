// What a cluster hands out. Whoever has any of it can change the cluster by it; while nobody has,
// nobody can have: forks of a settled cluster that is only kept for them need not look.

import type { ApiServer } from '../apiserver/api-server';
import type { Kernel } from '../kernel/kernel';
import { noteReading } from '../kernel/readings';
import type { Readable } from '../kernel/readings';
import type { Machine } from '../node/machine';
import type { Timing } from '../timing';
import type { Component } from '../values/component';
import { NODES } from './cluster';
import type { Cluster, Handles } from './cluster';
import type { Components } from './components/components';

type HandedOut = Pick<Cluster, 'kernel' | 'timing' | 'api' | 'handles' | 'components' | 'machines'>;

export interface Parts extends Omit<HandedOut, 'components'> {
  readonly components: Components;
}

/** A cluster that knows whether anybody but itself may have changed it since it began. */
export abstract class HandingOut implements HandedOut, Readable {
  /** For the cluster itself. */
  protected abstract readonly parts: Parts;
  protected mayHaveChanged = false;

  get kernel(): Kernel {
    return this.handedOut.kernel;
  }

  get timing(): Timing {
    return this.handedOut.timing;
  }

  get api(): ApiServer {
    return this.handedOut.api;
  }

  get handles(): Handles {
    return this.handedOut.handles;
  }

  get components(): readonly Component[] {
    return this.handedOut.components.all;
  }

  get machines(): ReadonlyMap<string, Machine> {
    this.noteNodes();
    return this.handedOut.machines;
  }

  /** All that stands on the nodes has been read, and not only what packets have met of it. */
  protected noteNodes(): void {
    noteReading(this, NODES);
  }

  abstract standing(key: string): unknown;

  private get handedOut(): Parts {
    this.mayHaveChanged = true;
    return this.parts;
  }
}
