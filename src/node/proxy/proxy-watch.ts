// What one kube-proxy watches. Of a class: there are two of them on each node, and so one function
// for all.

import type { Change, InformerOptions } from '../../apiserver/informer';

interface Watcher {
  /** Something of a kind has come, has changed or is gone. */
  observe(kind: string, change: Change): void;
}

export class ProxyWatch implements InformerOptions {
  readonly kind: string;
  readonly owner: string;
  private readonly watcher: Watcher;

  constructor(kind: string, owner: string, watcher: Watcher) {
    this.kind = kind;
    this.owner = owner;
    this.watcher = watcher;
  }

  onChange(change: Change): void {
    this.watcher.observe(this.kind, change);
  }
}
