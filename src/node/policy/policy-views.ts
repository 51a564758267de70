// The policies, pods and namespaces as of some revision, compiled. Agents that have applied the
// same revisions share one compilation, and one that nobody needs any more is moved forward.

import type { Store } from '../../apiserver/store';
import type { KubeObject } from '../../values/kube-object';
import { CompiledPolicies } from './compile';
import type { Semantics } from './policy';
import { readPod } from './read-pod';
import { readPolicy } from './read-policy';

/** By kind: the revision up to which it is known. */
export type Revisions = ReadonlyMap<string, number>;

interface View {
  readonly compiled: CompiledPolicies;
  revisions: Revisions;
}

export class PolicyViews {
  private readonly store: Store;
  private readonly kinds: readonly string[];
  private readonly semantics: Semantics;
  private views: View[] = [];

  /** `kinds`: the kinds of policies that count. */
  constructor(store: Store, kinds: readonly string[], semantics: Semantics) {
    this.store = store;
    this.kinds = kinds;
    this.semantics = semantics;
  }

  /** The compilation for these revisions; `needed` are those that others still look at. */
  at(revisions: Revisions, needed: readonly Revisions[]): CompiledPolicies {
    const known = this.views.find((view) => areEqual(view.revisions, revisions));
    if (known !== undefined) return known.compiled;
    this.views = this.views.filter(
      (view) =>
        needed.some((it) => areEqual(view.revisions, it)) || isBefore(view.revisions, revisions),
    );
    const idle = this.views.find((view) => !needed.some((it) => areEqual(view.revisions, it)));
    const view = idle ?? this.emptyView();
    this.move(view, revisions);
    return view.compiled;
  }

  private emptyView(): View {
    const nothing = new Map([...this.kinds, 'Namespace', 'Pod'].map((kind) => [kind, 0]));
    const view = { compiled: new CompiledPolicies(this.semantics), revisions: nothing };
    this.views.push(view);
    return view;
  }

  /** Tells the compilation what changed between its revisions and these. */
  private move(view: View, to: Revisions): void {
    const { compiled } = view;
    const changed = (kind: string): Set<string> => {
      const versions = this.store.changes(kind, view.revisions.get(kind) ?? 0, to.get(kind));
      return new Set(versions.map(({ key }) => key));
    };
    const pods = changed('Pod');
    const namespaces = changed('Namespace');
    if (namespaces.size > 0) {
      for (const { key, namespace } of compiled.pods())
        if (namespaces.has(namespace)) pods.add(key);
    }
    for (const key of pods) this.movePod(compiled, key, to);
    for (const kind of this.kinds) {
      for (const key of changed(kind)) this.movePolicy(compiled, kind, key, to);
    }
    view.revisions = to;
  }

  private movePod(compiled: CompiledPolicies, key: string, to: Revisions): void {
    const object = this.store.get('Pod', key, to.get('Pod'));
    const pod = object && readPod(object, this.namespaceLabels(object, to));
    if (pod === undefined) compiled.removePod(key);
    else compiled.setPod(pod);
  }

  private namespaceLabels({ metadata }: KubeObject, to: Revisions): Record<string, string> {
    const namespace = this.store.get('Namespace', metadata.namespace ?? '', to.get('Namespace'));
    return namespace?.metadata.labels ?? {};
  }

  private movePolicy(compiled: CompiledPolicies, kind: string, key: string, to: Revisions): void {
    const object = this.store.get(kind, key, to.get(kind));
    if (object === undefined) compiled.removePolicy(`${kind}/${key}`);
    else compiled.setPolicy(readPolicy(object));
  }
}

function areEqual(a: Revisions, b: Revisions): boolean {
  for (const [kind, revision] of a) if (b.get(kind) !== revision) return false;
  return true;
}

function isBefore(a: Revisions, b: Revisions): boolean {
  for (const [kind, revision] of a) if (revision > (b.get(kind) ?? 0)) return false;
  return true;
}
