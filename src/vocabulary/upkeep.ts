// What words about lost and failing rules and routes need of a cluster: that it is modelled who
// writes them. Each function says why that is not so; undefined where it is.

import { CNI_PLUGINS } from '../node/cni/index';
import { proxyMode } from '../node/proxy/index';
import type { ClusterSpec } from '../values/cluster-spec';

/** What decides it. */
type Parts = Pick<ClusterSpec, 'proxy' | 'cni'>;

/** Why nothing waits for the lock of iptables. */
export function whyNoLock(spec: Parts): string | undefined {
  if (upkeepOf(spec)?.takesLock === true) return undefined;
  return `in mode ${spec.proxy.mode} nothing modelled waits for the lock of iptables`;
}

/** Why no sync of kube-proxy can be made to fail. */
export function whyNoRestores(spec: Parts): string | undefined {
  if (upkeepOf(spec) !== undefined) return undefined;
  return `in mode ${spec.proxy.mode} no sync of kube-proxy fails: it is not modelled`;
}

/** Why rules cannot be lost. */
export function whyNoLostRules(spec: Parts): string | undefined {
  if (upkeepOf(spec) !== undefined) return undefined;
  return `in mode ${spec.proxy.mode} it is not modelled who writes lost rules again`;
}

/** Why routes of the network plug-in cannot be lost. */
export function whyNoLostRoutes({ cni: { name, options } }: Parts): string | undefined {
  if (CNI_PLUGINS.get(name)?.routeUpkeep?.(options) !== undefined) return undefined;
  return `it is not modelled who writes lost routes of ${name} again`;
}

/** Why a back end of iptables cannot be chosen: kube-proxy does not write its Services there. */
export function whyNoBackend({ proxy: { mode } }: Parts): string | undefined {
  if (mode === 'iptables') return undefined;
  return `in mode ${mode} it is not modelled which iptables is used`;
}

function upkeepOf({ proxy: { mode } }: Parts) {
  return proxyMode(mode)?.upkeep;
}
