// The `kubernetes` directive.
// source: coredns plugin/kubernetes/setup.go

import { CorefileError } from '../corefile';
import type { Directive } from '../corefile';
import { notModelled, readCount, zonesOr } from '../corefile-values';
import { normalName } from '../dns-message';
import { seconds } from '../../values/time';
import type { DefaultDelay } from './plugin';

export interface KubernetesOptions {
  readonly zones: readonly string[];
  /** Seconds. */
  ttl: number;
  pods: 'disabled' | 'insecure' | 'verified';
  endpointPodNames: boolean;
  ignoreEmptyService: boolean;
  hasEndpoints: boolean;
  /** Exposed namespaces; empty for all that exist. */
  namespaces: readonly string[];
  /** Labels that an exposed namespace has; a value of undefined accepts any. */
  namespaceLabels: ReadonlyMap<string, string | undefined> | undefined;
  /** Zones whose unknown names go on to the next plugin; `''` stands for all. */
  fallthrough: readonly string[];
}

/** Options about the connection to the API server, which the model always has. */
const CONNECTION = new Set([
  'endpoint',
  'tls',
  'kubeconfig',
  'apiserver_qps',
  'apiserver_burst',
  'apiserver_max_inflight',
  'startup_timeout',
]);

/** The most that the plugin accepts, in seconds. */
const TTL_MAX = 3_600;

/** Reads the directive. Throws CorefileError. */
export function readKubernetes(
  directive: Directive,
  server: readonly string[],
  delay: DefaultDelay,
): KubernetesOptions {
  const options: KubernetesOptions = {
    zones: zonesOr(directive.args, server),
    ttl: delay('coredns.ttl') / seconds(1),
    pods: 'disabled',
    endpointPodNames: false,
    ignoreEmptyService: false,
    hasEndpoints: true,
    namespaces: [],
    namespaceLabels: undefined,
    fallthrough: [],
  };
  for (const option of directive.block) readOption(directive, option, options);
  return options;
}

function readOption(directive: Directive, option: Directive, options: KubernetesOptions): void {
  const { name, args, line } = option;
  if (CONNECTION.has(name)) return;
  switch (name) {
    case 'ttl':
      options.ttl = readCount(option, 0, 0, TTL_MAX);
      return;
    case 'pods': {
      const [mode] = args;
      if (mode !== 'disabled' && mode !== 'insecure' && mode !== 'verified') {
        throw new CorefileError(`kubernetes: pods "${mode ?? ''}" does not exist`, line);
      }
      options.pods = mode;
      return;
    }
    case 'endpoint_pod_names':
      options.endpointPodNames = true;
      return;
    case 'ignore':
      if (args[0] !== 'empty_service') throw notModelled(directive, option);
      options.ignoreEmptyService = true;
      return;
    case 'noendpoints':
      options.hasEndpoints = false;
      return;
    case 'namespaces':
      options.namespaces = args;
      return;
    case 'namespace_labels':
      options.namespaceLabels = readEqualities(directive, option);
      return;
    case 'fallthrough':
      options.fallthrough = args.length === 0 ? [''] : args.map(normalName);
      return;
    default:
      throw notModelled(directive, option);
  }
}

/** `a=b,c`: equality and existence; set expressions are not modelled. */
function readEqualities(directive: Directive, option: Directive): Map<string, string | undefined> {
  const text = option.args.join(' ');
  if (/[!()]/.test(text)) throw notModelled(directive, option);
  return new Map(
    text.split(',').map((part) => {
      const [key = '', value] = part.trim().split(/\s*==?\s*/);
      return [key, value] as const;
    }),
  );
}
