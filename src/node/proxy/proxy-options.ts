// What a kube-proxy is made of.

import type { ApiServer } from '../../apiserver/api-server';
import type { Duration } from '../../values/time';
import type { ProxyInputs } from './proxy-inputs';
import type { RuleWriterOptions } from './rule-writer';

export interface KubeProxyOptions extends RuleWriterOptions {
  readonly api: ApiServer;
  /** Shared by all proxies of the cluster and family. */
  readonly inputs: ProxyInputs;
  /** `minSyncPeriod` of the configuration, in place of the timer's default. */
  readonly minSyncPeriod?: Duration;
  /** Called with the node whenever the rules in its kernel have changed. */
  readonly onApplied: (node: string) => void;
}

/** A process goes by the version that it has started as. */
export function withVersion(options: KubeProxyOptions, actor: string): KubeProxyOptions {
  const kubernetes = options.timing.versions.of(actor);
  if (options.node.kubernetes === kubernetes) return options;
  return { ...options, node: Object.freeze({ ...options.node, kubernetes }) };
}
