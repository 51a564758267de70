// What one controller sees of the API: what its informers show.

import type { Informer } from '../apiserver/informer';
import type { Version } from '../apiserver/store';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { View } from './define';

export class InformersView implements View {
  private readonly informers: ReadonlyMap<string, Informer>;

  constructor(informers: ReadonlyMap<string, Informer>) {
    this.informers = informers;
  }

  get(kind: string, key: ObjectKey): KubeObject | undefined {
    return this.informers.get(kind)!.get(key);
  }

  getAll(kind: string, keys: Iterable<ObjectKey>): KubeObject[] {
    return this.informers.get(kind)!.getAll(keys);
  }

  versions(kind: string, keys: Iterable<ObjectKey>): Version[] {
    return this.informers.get(kind)!.versions(keys);
  }

  listVersions(kind: string): Iterable<Version> {
    return this.informers.get(kind)!.listVersions();
  }

  list(kind: string): IterableIterator<KubeObject> {
    return this.informers.get(kind)!.list();
  }

  listIn(kind: string, scope: string): IterableIterator<KubeObject> {
    return this.informers.get(kind)!.list(scope);
  }
}
