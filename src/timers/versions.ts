// Which version of Kubernetes each process runs. A cluster begins with one version everywhere, but
// on nodes that have their own; processes that are replaced by others of another version have that
// from then on.
// source: https://kubernetes.io/releases/version-skew-policy

import type { KubeVersion } from '../values/kube-version';

export class Versions {
  /** What every process runs that was never replaced, but those that began with another one. */
  readonly initial: KubeVersion;
  private readonly begunAs: ReadonlyMap<string, KubeVersion>;
  private readonly byActor = new Map<string, KubeVersion>();

  /** `ofActors`: processes that begin with another version than all others. */
  constructor(initial: KubeVersion, ofActors: ReadonlyMap<string, KubeVersion> = new Map()) {
    this.initial = initial;
    this.begunAs = ofActors;
    for (const [actor, version] of ofActors) this.set(actor, version);
  }

  /**
   * What runs under a name of the journal: `kube-proxy@worker-1`, or a controller, which is the
   * work of a process: `controller-manager/job`.
   */
  of(actor: string): KubeVersion {
    if (this.byActor.size === 0) return this.initial;
    const own = this.byActor.get(actor);
    return own ?? this.byActor.get(actor.replace(/\/.*$/, '')) ?? this.initial;
  }

  /**
   * The version by which a timer runs for an actor. It is that of the process whose timer it is,
   * which its name begins with: the actor's own where that is such a process.
   */
  ofTimer(name: string, actor = ''): KubeVersion {
    const process = name.slice(0, name.indexOf('.'));
    return this.of(actor.startsWith(`${process}@`) ? actor : process);
  }

  /** What a process was at the beginning. */
  first(actor: string): KubeVersion {
    return this.begunAs.get(actor) ?? this.initial;
  }

  /** The process starts as this version from now on. */
  set(actor: string, version: KubeVersion): void {
    if (this.of(actor) !== version) this.byActor.set(actor, version);
  }
}
