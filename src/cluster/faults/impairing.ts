// Cuts and degradations of the network, with everything that notices them besides packets: the
// clients of the API server, the probes of the kubelets, the health checks of load balancers.

import type { ApiPaths } from '../api-paths';
import type { Kernel } from '../../kernel/kernel';
import { Phase } from '../../kernel/phase';
import type { Kubelets } from '../../node/kubelet/kubelet';
import { nextLook } from '../../network/index';
import type { Cut, Degradation, Network } from '../../network/index';

export interface ImpairingContext {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly kubelets: Kubelets;
  readonly apiPaths: ApiPaths;
  /** Whoever looks at nodes from outside looks again. */
  readonly onNetworkChange: () => void;
  readonly touch: () => void;
}

/** What faults can do to the network. The rules of a token replace those that it had. */
export interface ImpairingHandles {
  /** True where that changed anything. */
  cut(token: string, cuts: readonly Cut[]): boolean;
  cutsOf(token: string): readonly Cut[];
  degrade(token: string, degradations: readonly Degradation[]): boolean;
  degradationsOf(token: string): readonly Degradation[];
}

export function impairingHandles(context: ImpairingContext): ImpairingHandles {
  const { kernel, network } = context;
  const { fabric } = network;
  const change = (isChanged: boolean): boolean => {
    if (!isChanged) return false;
    context.apiPaths.refresh();
    context.kubelets.networkChanged();
    context.onNetworkChange();
    context.touch();
    return true;
  };
  // Nobody hears of a queue that grows; who is held up by it has to look.
  const lookEvent = kernel.declare(
    'network.queue',
    (token, since) => {
      const [line] = fabric.degradations.of(String(token));
      if (line?.since !== since) return;
      lookLater(line);
      change(true);
    },
    { background: true },
  );
  const lookLater = (line: Degradation): void => {
    const at = nextLook(line, kernel.now);
    if (at !== undefined) kernel.schedule(at, Phase.fault, lookEvent, line.token, line.since);
  };
  return {
    cut: (token, cuts) => change(fabric.cuts.set(token, cuts)),
    cutsOf: (token) => fabric.cuts.of(token),
    degrade(token, degradations) {
      const [standing] = fabric.degradations.of(token);
      const since = standing?.since ?? kernel.now;
      const rules = degradations.map((it) => (it.limit === undefined ? it : { ...it, since }));
      const isChanged = fabric.degradations.set(token, rules);
      // What joins a line that stands comes to the queue that is there.
      if (standing === undefined && rules[0] !== undefined) lookLater(rules[0]);
      return change(isChanged);
    },
    degradationsOf: (token) => fabric.degradations.of(token),
  };
}
