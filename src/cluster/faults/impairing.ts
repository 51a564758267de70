// Cuts and degradations of the network, with everything that notices them besides packets: the
// clients of the API server, the probes of the kubelets, the health checks of load balancers.

import type { ApiPaths } from '../api-paths';
import type { Kubelets } from '../../node/kubelet/kubelet';
import type { Cut, Degradation, Network } from '../../network/index';

export interface ImpairingContext {
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
  const { fabric } = context.network;
  const change = (isChanged: boolean): boolean => {
    if (!isChanged) return false;
    context.apiPaths.refresh();
    context.kubelets.networkChanged();
    context.onNetworkChange();
    context.touch();
    return true;
  };
  return {
    cut: (token, cuts) => change(fabric.cuts.set(token, cuts)),
    cutsOf: (token) => fabric.cuts.of(token),
    degrade: (token, degradations) => change(fabric.degradations.set(token, degradations)),
    degradationsOf: (token) => fabric.degradations.of(token),
  };
}
