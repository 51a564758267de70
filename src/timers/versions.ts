// Which version of Kubernetes each process runs. A cluster begins with one version everywhere;
// processes that are replaced by others of another version have that from then on.
// source: https://kubernetes.io/releases/version-skew-policy

import type { KubeVersion } from '../values/kube-version';

export class Versions {
  /** What every process runs that was never replaced. */
  readonly initial: KubeVersion;
  private readonly byActor = new Map<string, KubeVersion>();

  constructor(initial: KubeVersion) {
    this.initial = initial;
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
    const isIts = actor.startsWith(`${process}@`) || actor.startsWith(`${process}/`);
    return this.of(isIts ? actor : process);
  }

  /** The process starts as this version from now on. */
  set(actor: string, version: KubeVersion): void {
    if (this.of(actor) !== version) this.byActor.set(actor, version);
  }
}
