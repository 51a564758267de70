// What a cluster runs of its own accord, unless the manifests of the scenario bring it.

import type { ClusterSpec } from '../values/cluster-spec';
import type { KubeObject } from '../values/kube-object';
import type { KubeVersion } from '../values/kube-version';
import {
  bringsDns,
  bringsNodeCache,
  corednsManifests,
  nodeCacheManifests,
} from '../workloads/index';
import type { TimerOverride } from '../workloads/index';
import { clusterDnsOf } from './lookups/names';

/** CoreDNS as kubeadm installs it, and the cache of the nodes where the scenario asks for it. */
export function systemManifests(spec: ClusterSpec): KubeObject[] {
  const own = hasOwnDns(spec) ? dnsManifests(spec, spec.kubernetes) : [];
  return [...own, ...cacheManifests(spec)];
}

/** Whether the cluster's DNS is that of its version, and no part of the manifests. */
export function hasOwnDns({ dns, manifests }: ClusterSpec): boolean {
  return dns.replicas > 0 && !bringsDns(manifests);
}

/** ConfigMap, Deployment and Service of the CoreDNS that comes with a version. */
export function dnsManifests(spec: ClusterSpec, kubernetes: KubeVersion): KubeObject[] {
  const { domain, dns } = spec;
  const { replicas } = dns;
  const corefile = dns.corefile === undefined ? {} : { corefile: dns.corefile };
  const clusterIPs = clusterDnsOf(spec);
  const override = overrideOf(spec);
  return corednsManifests({ kubernetes, domain, replicas, clusterIPs, override, ...corefile });
}

function cacheManifests(spec: ClusterSpec): KubeObject[] {
  const { domain, dns, manifests, proxy } = spec;
  const { nodelocal } = dns;
  if (nodelocal === undefined || bringsNodeCache(manifests)) return [];
  const kubeDns = clusterDnsOf(spec)[0]!;
  const override = overrideOf(spec);
  const isIpvs = proxy.mode === 'ipvs';
  return nodeCacheManifests({ domain, kubeDns, isIpvs, override, ...nodelocal });
}

function overrideOf({ timing: { overrides } }: ClusterSpec): TimerOverride {
  return (timer) => overrides[timer];
}
