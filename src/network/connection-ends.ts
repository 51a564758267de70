// Whether the two ends of an open connection are still the processes that opened it.

import type { Machine } from '../node/machine';
import type { ContainerProcess, PodSandbox } from '../node/pod-sandbox';
import type { Origin } from '../values/origin';
import type { Instant } from '../values/time';
import type { SendGround } from './send';
import type { Sender } from './walk';

/** One end of a connection. */
export interface End {
  isAlive(): boolean;
}

/** Somebody outside of the cluster, of whom nothing is known. */
class OutsideEnd implements End {
  isAlive(): boolean {
    return true;
  }
}

/** A machine, until it boots again. */
class MachineEnd implements End {
  private readonly machine: Machine;
  private readonly boots: number;

  constructor(machine: Machine) {
    this.machine = machine;
    this.boots = machine.boots;
  }

  isAlive(): boolean {
    return this.machine.powered && this.machine.boots === this.boots;
  }
}

/** A process, until it exits; another one in its place is not it. */
class ProcessEnd implements End {
  private readonly process: ContainerProcess;
  private readonly startedAt: Instant;

  constructor(process: ContainerProcess) {
    this.process = process;
    this.startedAt = process.startedAt;
  }

  isAlive(): boolean {
    const { state, startedAt } = this.process;
    return state !== 'exited' && startedAt === this.startedAt;
  }
}

/** Any of the processes of a pod that run in one sandbox. */
class SandboxEnd implements End {
  private readonly ground: SendGround;
  private readonly pod: string;
  private readonly sandbox: PodSandbox | undefined;
  private readonly processes: readonly ProcessEnd[];

  constructor(ground: SendGround, pod: string, container: string | undefined) {
    this.ground = ground;
    this.pod = pod;
    this.sandbox = ground.sandboxOf(pod);
    this.processes = [...(this.sandbox?.processes.values() ?? [])]
      .filter((it) => container === undefined || it.container === container)
      .filter(({ state }) => state !== 'exited')
      .map((process) => new ProcessEnd(process));
  }

  isAlive(): boolean {
    if (this.ground.sandboxOf(this.pod) !== this.sandbox) return false;
    return this.processes.length === 0 || this.processes.some((process) => process.isAlive());
  }
}

/** The client's end: the processes that run now, in the sandbox or on the machine that stands. */
export function clientEnd(ground: SendGround, from: Origin, sender: Sender): End {
  if ('external' in sender) return new OutsideEnd();
  if ('pod' in from) return new SandboxEnd(ground, from.pod, from.container);
  if ('machine' in sender) return new MachineEnd(sender.machine);
  throw new RangeError('a node sends from its machine');
}

/** The server's end: the machine, or the process that listens there, as of now. */
export function serverEnd(server: Machine | ContainerProcess | undefined): End {
  if (server === undefined) return new OutsideEnd();
  return 'boots' in server ? new MachineEnd(server) : new ProcessEnd(server);
}
