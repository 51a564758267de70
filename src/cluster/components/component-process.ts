// One process of the cluster as faults take hold of it.

import type { Cut } from '../../apiserver/connections';
import type { Component } from '../../values/component';
import type { Supervised } from './supervisor';

export interface Process extends Supervised {
  readonly component: Component;
  /** The names under which the kernel knows who acts in it. */
  owners(): readonly string[];
  /** Who sees the API as it does, where that is not just its own clients. */
  watchers?(): readonly string[];
  /** It dies: its memory is lost. */
  stop(): void;
  /** It is told to end, where it then does more than to die. */
  retire?: (() => void) | undefined;
  /** Called before it is stopped as by SIGSTOP, and after it goes on. */
  frozen?(): void;
  thawed?(): void;
  /** Cuts it off from the API server, where that is more than cutting off its clients. */
  sever?(token: string, cut: Cut): void;
  mend?(token: string): void;
}
