// Cilium's settings of north-south balancing by the names of its Helm chart, and what Cilium's
// agent refuses to start with.
// source: cilium install/kubernetes/cilium/values.yaml (loadBalancer, maglev);
// Documentation/network/kubernetes/kubeproxy-free.rst; pkg/loadbalancer/config.go;
// daemon/cmd/kube_proxy_replacement.go initKubeProxyReplacementOptions

import type { ManifestProblem } from '../../values/manifest-problem';
import type { Forwarding } from '../netfilter/ebpf';
import { MAGLEV_HASH_SEED, MAGLEV_TABLE_SIZE, MAGLEV_TABLE_SIZES } from '../netfilter/maglev';
import type { PluginChoice, ProxySettings } from './proxy-mode';

export const EBPF_SETTINGS: ProxySettings = {
  loadBalancer: {
    description: 'How connections from outside get to backends on other nodes.',
    type: 'object',
    additionalProperties: false,
    properties: {
      mode: {
        description:
          'By an address of the node (`snat`, the default), answered directly (`dsr`), or TCP ' +
          'directly and all else by an address of the node (`hybrid`).',
        enum: ['snat', 'dsr', 'hybrid'],
      },
      dsrDispatch: {
        description:
          'How a directly answered packet carries the Service address: in an IP option (`opt`, ' +
          'the default), in a Geneve header, or in an outer IP header.',
        enum: ['opt', 'geneve', 'ipip'],
      },
      algorithm: {
        description: 'How a backend is chosen: drawn (`random`, the default) or by `maglev`.',
        enum: ['random', 'maglev'],
      },
    },
  },
  maglev: {
    description: 'The tables of `algorithm: maglev`.',
    type: 'object',
    additionalProperties: false,
    properties: {
      tableSize: {
        description: `Slots of each Service. Default ${MAGLEV_TABLE_SIZE}.`,
        enum: MAGLEV_TABLE_SIZES,
      },
      hashSeed: {
        description: 'Twelve bytes in base64, the same on all nodes. Default: the built-in ones.',
        type: 'string',
        pattern: '^[A-Za-z0-9+/]{16}$',
      },
    },
  },
};

/** The settings as a scenario gives them. */
interface Given {
  readonly loadBalancer?: {
    readonly mode?: Forwarding['mode'];
    readonly dsrDispatch?: Forwarding['dispatch'] | 'ipip';
    readonly algorithm?: 'random' | 'maglev';
  };
  readonly maglev?: { readonly tableSize?: number; readonly hashSeed?: string };
}

/** The settings with their defaults. */
export function forwardingOf(options: Readonly<Record<string, unknown>> = {}): Forwarding {
  const { loadBalancer = {}, maglev = {} } = options as Given;
  const { mode = 'snat', dsrDispatch = 'opt', algorithm = 'random' } = loadBalancer;
  const { tableSize = MAGLEV_TABLE_SIZE, hashSeed = MAGLEV_HASH_SEED } = maglev;
  return {
    mode,
    dispatch: dsrDispatch === 'geneve' ? 'geneve' : 'opt',
    maglev: algorithm === 'maglev' ? { tableSize, hashSeed } : undefined,
  };
}

/** What makes the agent give up, by its path in the settings; nothing where it starts. */
export function problemsOf(
  options: Readonly<Record<string, unknown>>,
  cni: PluginChoice,
): readonly ManifestProblem[] {
  const { mode = 'snat', dsrDispatch = 'opt' } = (options as Given).loadBalancer ?? {};
  if (mode === 'snat') return [];
  const problem = (key: string, message: string, hint: string): ManifestProblem[] => {
    return [{ path: `/loadBalancer/${key}`, severity: 'error', message, hint }];
  };
  if (dsrDispatch === 'ipip') {
    const why = 'is for a balancer that stands alone (datapath-mode lb-only), not for nodes';
    return problem('dsrDispatch', `dsrDispatch ipip ${why}`, 'dsrDispatch: opt, or geneve');
  }
  const { name } = cni;
  if (name !== 'cilium') {
    const why = 'relies on the routes of Cilium';
    const hint = 'cni: {name: cilium, mode: native}';
    return problem('mode', `loadBalancer mode ${mode} ${why}, but the plug-in is ${name}`, hint);
  }
  const { mode: routing, tunnelProtocol } = cni.options;
  if (dsrDispatch === 'opt' && routing === 'tunnel') {
    const message = `loadBalancer mode ${mode} cannot be used with tunnels (dsrDispatch opt)`;
    const other = 'dsrDispatch geneve with tunnelProtocol geneve';
    return problem('mode', message, `cni: {name: cilium, mode: native}, or ${other}`);
  }
  if (dsrDispatch === 'geneve' && tunnelProtocol !== 'geneve') {
    const other = String(tunnelProtocol);
    const message = `dsrDispatch geneve needs the tunnel protocol geneve, not ${other}`;
    return problem('dsrDispatch', message, 'cni: {name: cilium, tunnelProtocol: geneve, …}');
  }
  return [];
}
