// The slices of each Service that the controller has written, as its informer shows them.

import type { ObjectKey } from '../../values/kube-object';
import { NOBODY } from '../owner';

export class ShownSlices {
  /** By Service; most have one, which stands there by itself. */
  private readonly known = new Map<ObjectKey, ObjectKey | readonly ObjectKey[]>();

  /** A slice was of one Service and is of another one, where there is one. */
  moved(slice: ObjectKey, was: ObjectKey | undefined, is: ObjectKey | undefined): void {
    // Most Services have one slice, which is the last one as it stands.
    if (was !== undefined && was === is && this.known.get(is) === slice) return;
    if (was !== undefined) this.known.set(was, Object.freeze(this.beside(was, slice)));
    if (is !== undefined) this.add(is, slice);
  }

  /** Those of a Service, the one that was written last coming last. */
  of(service: ObjectKey): readonly ObjectKey[] {
    const known = this.known.get(service);
    if (known === undefined) return NOBODY;
    return typeof known === 'string' ? [known] : known;
  }

  clear(): void {
    this.known.clear();
  }

  private add(service: ObjectKey, slice: ObjectKey): void {
    const others = this.beside(service, slice);
    this.known.set(service, others.length === 0 ? slice : Object.freeze([...others, slice]));
  }

  private beside(service: ObjectKey, slice: ObjectKey): readonly ObjectKey[] {
    const known = this.known.get(service);
    if (known === undefined || known === slice) return NOBODY;
    return typeof known === 'string' ? [known] : known.filter((it) => it !== slice);
  }
}
