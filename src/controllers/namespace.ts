// Empties a namespace that is being deleted, and lets go of it then.
// source: pkg/controller/namespace/deletion/namespaced_resources_deleter.go

import { KINDS } from '../apiserver/kinds';
import { OPAQUE_KINDS } from '../apiserver/kinds/opaque';
import type { Change } from '../apiserver/informer';
import { splitKey } from '../values/kube-object';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import { compareText } from '../values/order';
import { defineController } from './define';
import type { ControllerLogic, Workplace } from './define';
import { NOBODY } from './owner';
import type { Pass } from './pass';

const NAMESPACED: readonly string[] = [...KINDS, ...OPAQUE_KINDS]
  .filter(({ namespaced }) => namespaced)
  .map(({ kind }) => kind)
  .sort(compareText);

/** source: cmd/kube-controller-manager/app/core.go newNamespaceController (* 20, burst * 100) */
const REQUESTS = { factor: 20, burst: 3_000 };

export const namespace = defineController({
  name: 'namespace',
  kind: 'Namespace',
  retryMax: 'controller-manager.namespace.retryMax',
  requests: REQUESTS,
  create: (workplace) => new NamespaceLogic(workplace),
});

class NamespaceLogic implements ControllerLogic {
  readonly watches: ControllerLogic['watches'];
  private readonly place: Workplace;
  /** Those that are being deleted; hardly ever one is. */
  private readonly going = new Set<ObjectKey>();

  constructor(workplace: Workplace) {
    this.place = workplace;
    const watch = (change: Change) => this.onObject(change);
    // Of entries: where the record grows key by key, V8 has young collections free no cluster that
    // is dropped (specs/cluster/dropped-clusters.spec.ts).
    this.watches = Object.fromEntries([
      ...NAMESPACED.map((kind) => [kind, watch] as const),
      ['Namespace', (change: Change) => this.onNamespace(change)],
    ]);
  }

  reconcile(key: ObjectKey, pass: Pass): void {
    const found = this.place.view.get('Namespace', key);
    if (found === undefined || !isGoing(found)) return;
    const left = NAMESPACED.flatMap((kind) =>
      [...this.place.view.list(kind)].filter(({ metadata }) => metadata.namespace === key),
    );
    pass.effect = 'loss';
    pass.summary = left.length === 0 ? 'is empty' : `${left.length} objects are left`;
    if (left.length === 0) pass.patch(found, { spec: { finalizers: [] } });
    for (const object of left) if (!isGoing(object)) pass.delete(object);
  }

  reset(): void {
    this.going.clear();
  }

  private onNamespace({ key, after }: Change): readonly ObjectKey[] {
    if (!isGoing(after)) {
      this.going.delete(key);
      return [];
    }
    this.going.add(key);
    return [key];
  }

  passesOver(kind: string): boolean {
    return this.going.size === 0 && kind !== 'Namespace';
  }

  /** Only what happens in a namespace that is going is of interest. */
  private onObject({ key }: Change): readonly ObjectKey[] {
    if (this.going.size === 0) return NOBODY;
    const { namespace: name } = splitKey(key);
    return this.going.has(name) ? [name] : [];
  }
}

function isGoing(object: KubeObject | undefined): boolean {
  return object?.metadata.deletionTimestamp !== undefined;
}
