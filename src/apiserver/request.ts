// What clients ask of the API server, how that ends, and who decides about it.

import type { EventArgument, EventKind } from '../kernel/event-queue';
import type { Effect } from '../timing';
import type { KubeObject, ObjectKey } from '../values/kube-object';
import type { Instant } from '../values/time';
import type { PatchType } from './patch';
import type { Store, Version } from './store';

/** A write as a client asks for it. It is plain data: a fork carries what is under way. */
export interface ApiRequest {
  /** `apply` creates what is not there and merges into what is. */
  readonly verb: 'create' | 'replace' | 'patch' | 'apply' | 'delete' | 'evict';
  readonly kind: string;
  /** That of the object, where there is one; of one that is yet to be named, whatever. */
  readonly key: ObjectKey;
  /** The whole object, for create and replace; for apply, the manifest. */
  readonly object?: KubeObject;
  /** For patch: applied to what stands when it is committed. */
  readonly patch?: unknown;
  /** A JSON merge patch (RFC 7386) where nothing is said. */
  readonly patchType?: PatchType;
  /** For delete and evict: seconds of grace; 0 removes at once. */
  readonly grace?: number;
  /** The write is meant for this very object, not for another one that has taken its name. */
  readonly uid?: string;
  /** Who asks, as the journal names it. */
  readonly actor: string;
  /** Whether traffic gains or loses by it; the tutorial profile times the two differently. */
  readonly effect?: Effect;
  /** The event that tells the client how it went; its argument `b` is the ApiResult. */
  readonly answer?: { readonly kind: EventKind; readonly a: EventArgument };
  /** The same for clients that only want to know of a request that never got through. */
  readonly lost?: { readonly kind: EventKind; readonly a: EventArgument };
  /** How often the client's library has sent it again after a 429. */
  readonly retries?: number;
}

/** How a request ended. */
export type ApiResult =
  | 'ok'
  | 'conflict'
  | 'not-found'
  | 'already-exists'
  | 'invalid'
  /** An eviction that a budget does not allow now (429). */
  | 'too-many-requests'
  /** An eviction that nobody can judge (500). */
  | 'internal-error'
  /** It never got to the API server, or no answer came back. */
  | 'unreachable';

/** A request that was not carried out, and why. */
export interface Refusal {
  readonly request: ApiRequest;
  readonly result: ApiResult;
  readonly reason: string;
  /** The journal entry that says so. */
  readonly entry: number;
}

/** Objects that are alike but for what each has of its own. */
export interface Series {
  /**
   * The next one, as the version under which it is stored (Store.putMade); undefined where it has
   * to be looked at by itself, with all after it. `cause`: the journal entry of the write. Who
   * watches the scope of one that is made late has it already, and needs not be told at once.
   */
  next(cause: number): Version | undefined;
}

/** What admission makes of an object before it is stored (defaults, allocation, validation). */
export interface Admission {
  /**
   * The object to store, or the reason why not. Parts in which it does not differ from `previous`
   * are the same objects there and here; where it does not differ at all, it is `previous` itself.
   * Any other one that is not frozen is held by nobody else. `key`: its key, where it is at hand.
   */
  admit(
    object: KubeObject,
    previous: KubeObject | undefined,
    store: Store,
    key?: ObjectKey,
  ): KubeObject | string;
  /**
   * Whether a change of nothing but its status may be stored as it is: there is nothing to
   * complete, to judge or to allocate.
   */
  takesStatus?(object: KubeObject): boolean;
  /** The object with a name of its own where only `generateName` stands; for create alone. */
  named(object: KubeObject, store: Store): KubeObject;
  /**
   * The same for several of one kind, for what `object` is given again and again; undefined where
   * each has to be looked at by itself. `key`: that of the request, for what has a name.
   */
  series?(object: KubeObject, store: Store, key: ObjectKey): Series | undefined;
  /** What a graceful deletion makes of it: the object to keep for now, or undefined to remove. */
  terminate(object: KubeObject, grace: number | undefined, now: Instant): KubeObject | undefined;
  /** Whether nothing keeps it any more: marked for deletion, no grace and no finalizer left. */
  isFinished(object: KubeObject): boolean;
  /** Gives back what was allocated to an object that is removed: addresses, node ports. */
  release(object: KubeObject): void;
  /** The scope by which watchers of this kind may select (Pod: its node). */
  scopeOf(object: KubeObject): string | undefined;
}
