// The network namespace of a pod and the processes in it. The pause container keeps it while
// containers come and go, so the address stays over a container restart.

import { listensOn } from '../values/cluster-spec';
import type { ListenSpec } from '../values/cluster-spec';
import type { Protocol } from '../values/flow';
import type { IP } from '../values/ip';
import type { Duration, Instant } from '../values/time';

/** One container's process, as the machine sees it (the kubelet learns of it later). */
export interface ContainerProcess {
  readonly container: string;
  /** `starting`: runs, but does not listen yet. `draining`: told to stop, still serving. */
  state: 'starting' | 'running' | 'draining' | 'exited';
  /** What the process listens on while it is running or draining. */
  listen: readonly ListenSpec[];
  /** What has stopped it, as SIGSTOP does; empty while it runs. */
  readonly stoppedBy: Set<string>;
  startedAt: Instant;
  exitCode: number;
  exitedAt: Instant;
}

/** What the processes of a pod take longer for an answer, and whether probes alone notice. */
export interface Lateness {
  readonly by: Duration;
  readonly asker: 'anybody' | 'probes';
}

/** Processes that have been running for long: nothing but this is known of any of them. */
export interface Lasting {
  readonly since: Instant;
  readonly processes: readonly Pick<ContainerProcess, 'container' | 'listen'>[];
}

/** Listeners of TCP that are closed while their processes live. */
export interface Refusal {
  readonly refuses?: 'all' | readonly number[];
}

/** Who knows an identity. Frozen, so that forks share it. */
interface Identified {
  readonly uid: string;
}

export class PodSandbox {
  /** `namespace/name` of the pod. */
  readonly podKey: string;
  /** The identity of the pod, or who tells it when somebody asks. */
  private readonly identity: string | Identified;
  readonly node: string;
  /** The pod's addresses, one per family; the node's own ones for a host-network pod. */
  readonly addresses: readonly IP[];
  readonly hostNetwork: boolean;
  /** Undefined until somebody asks. */
  private made: Map<string, ContainerProcess> | undefined;
  private readonly lasting: Lasting | undefined;
  /** By who slows its processes down: how late they answer. Most pods nobody ever slows down. */
  private slowed: Map<string, Lateness> | undefined;
  private refusals: ReadonlyMap<string, Refusal> | undefined;

  constructor(pod: {
    podKey: string;
    uid: string | Identified;
    node: string;
    addresses: readonly IP[];
    hostNetwork: boolean;
    refusals?: ReadonlyMap<string, Refusal>;
    /** What runs in it already. */
    lasting?: Lasting;
  }) {
    this.podKey = pod.podKey;
    this.identity = pod.uid;
    this.node = pod.node;
    this.addresses = pod.addresses;
    this.hostNetwork = pod.hostNetwork;
    this.made = undefined;
    this.lasting = pod.lasting;
    this.slowed = undefined;
    this.refusals = pod.refusals;
  }

  get uid(): string {
    const { identity } = this;
    return typeof identity === 'string' ? identity : identity.uid;
  }

  /** By container. */
  get processes(): Map<string, ContainerProcess> {
    return (this.made ??= processesOf(this.lasting));
  }

  /** From now on its listeners are closed as these say, who may change their minds. */
  heed(refusals: ReadonlyMap<string, Refusal>): void {
    this.refusals = refusals;
  }

  /** From now on its processes answer so much later, as `token` has it. */
  slow(token: string, by: Duration, asker: Lateness['asker']): void {
    this.slowed ??= new Map();
    this.slowed.set(token, { by, asker });
  }

  /** Takes back what `token` has slowed. */
  quicken(token: string): void {
    this.slowed?.delete(token);
  }

  /** How late its processes answer. */
  answerDelay(): Duration {
    let all = 0;
    for (const { by, asker } of this.slowed?.values() ?? []) if (asker === 'anybody') all += by;
    return all as Duration;
  }

  /** How late they answer a probe. */
  probeDelay(): Duration {
    let all = 0;
    for (const { by } of this.slowed?.values() ?? []) all += by;
    return all as Duration;
  }

  /** The process that takes packets for this port of an address, or of any of them. */
  listenerOn(protocol: Protocol, port: number, address?: IP): ContainerProcess | undefined {
    if (protocol === 'TCP' && this.refuses(port)) return undefined;
    const asked = { port, protocol, address };
    for (const process of this.processes.values()) {
      if (process.state !== 'running' && process.state !== 'draining') continue;
      for (const own of process.listen) if (listensOn(own, asked)) return process;
    }
    return undefined;
  }

  private refuses(port: number): boolean {
    if (this.refusals === undefined) return false;
    for (const { refuses = [] } of this.refusals.values()) {
      if (refuses === 'all' || refuses.includes(port)) return true;
    }
    return false;
  }
}

function processesOf(lasting: Lasting | undefined): Map<string, ContainerProcess> {
  const processes = new Map<string, ContainerProcess>();
  if (lasting === undefined) return processes;
  const { since } = lasting;
  for (const { container, listen } of lasting.processes) {
    processes.set(container, newProcess(container, listen, since, 'running'));
  }
  return processes;
}

/** A process that has just been started. */
export function newProcess(
  container: string,
  listen: readonly ListenSpec[],
  startedAt: Instant,
  state: ContainerProcess['state'],
): ContainerProcess {
  const stoppedBy = new Set<string>();
  return { container, state, listen, stoppedBy, startedAt, exitCode: 0, exitedAt: startedAt };
}
