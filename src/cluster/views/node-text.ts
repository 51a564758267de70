// What a node holds, in the text of the tools that show it on a real one.

import type { EndpointSlice } from '../../apiserver/kinds/endpointslice';
import type { Pod } from '../../apiserver/kinds/pod';
import { mergeRulesets, renderIptables } from '../../node/netfilter/render-iptables';
import { formatConntrackEntry } from '../../node/netfilter/conntrack';
import { backendOf } from '../../node/netfilter/ruleset';
import type { IptablesBackend, Ruleset } from '../../node/netfilter/ruleset';
import type { Machine, Route } from '../../node/machine';
import { proxyMode } from '../../node/proxy/index';
import { cidr } from '../../values/cidr';
import type { Family } from '../../values/ip';
import { keyOf } from '../../values/kube-object';
import { sortedBy } from '../../values/order';
import { optionTexts, resolvConfOf } from '../../workloads/index';
import type { ResolvConf } from '../../workloads/index';
import type { Cluster } from '../cluster';
import { kubeletDnsOf } from '../lookups/names';

/** Each kind of text, with the tool whose output it is. */
export const NODE_TEXTS = {
  rules: {
    tool: 'iptables-save and iptables-legacy-save, nft list ruleset or ipvsadm -ln',
    write: rulesText,
  },
  conntrack: { tool: 'conntrack -L', write: conntrackText },
  routes: { tool: 'ip route', write: routesText },
  endpoints: { tool: 'kubectl get endpointslices -A', write: endpointsText },
  dns: { tool: 'cat /etc/resolv.conf in each pod of the node', write: dnsText },
} as const satisfies Record<string, { tool: string; write: Writer }>;

export type NodeText = keyof typeof NODE_TEXTS;

type Writer = (cluster: Cluster, machine: Machine) => string;

/** The text, one line each, with a line break at the end. */
export function nodeText(cluster: Cluster, machine: Machine, what: NodeText): string {
  const text = NODE_TEXTS[what].write(cluster, machine);
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

/**
 * kube-proxy's rules in the form of its mode, those of the others in that of iptables, and what
 * stands in the legacy tables behind them, since no tool lists both.
 */
function rulesText({ spec }: Cluster, machine: Machine): string {
  const mode = proxyMode(spec.proxy.mode)!;
  const blocks = spec.ipFamilies.flatMap((family) => {
    const all = machine.rulesets(family);
    if (mode.name === 'iptables') return iptablesTexts(all, family);
    const proxy = machine.proxyRules.get(family);
    const others = all.filter((ruleset) => ruleset !== proxy);
    const own = proxy === undefined ? [] : [mode.render(proxy)];
    return [...own, ...iptablesTexts(others, family)];
  });
  return blocks.filter((block) => block !== '').join('\n');
}

/** One text for each back end; where there are two, each is headed by its command. */
function iptablesTexts(rulesets: readonly Ruleset[], family: Family): string[] {
  const textIn = (backend: IptablesBackend): string => {
    const standing = rulesets.filter((ruleset) => backendOf(ruleset) === backend);
    return renderIptables(mergeRulesets(standing));
  };
  const [nft, legacy] = [textIn('nft'), textIn('legacy')];
  if (legacy === '') return [nft];
  const tool = family === 'IPv4' ? 'iptables' : 'ip6tables';
  return [`# ${tool}-save\n${nft}`, `# ${tool}-legacy-save\n${legacy}`];
}

function conntrackText({ kernel }: Cluster, { conntrack }: Machine): string {
  const entries = conntrack.list(kernel.now);
  const lines = entries.map((entry) => formatConntrackEntry(entry, kernel.now));
  const shown = `${lines.length} flow entries have been shown.`;
  return [...lines, `conntrack v1.4.7 (conntrack-tools): ${shown}`].join('\n');
}

function routesText(_cluster: Cluster, machine: Machine): string {
  return machine.routes.map(routeLine).join('\n');
}

/** source: iproute2 ip/iproute.c print_route */
function routeLine({ destination, via, device, encapsulation, source }: Route): string {
  const { prefix } = cidr(destination);
  const target = prefix === 0 ? 'default' : destination.replace(/\/(32|128)$/, '');
  const isLink = via === undefined && encapsulation === undefined;
  const words = [
    target,
    via === undefined ? '' : `via ${via}`,
    `dev ${device}`,
    isLink ? 'proto kernel scope link' : '',
    source === undefined ? '' : `src ${source}`,
    // flannel's routes lead to the tunnel address of the other node, which no link has.
    encapsulation === undefined ? '' : 'onlink',
  ];
  return words.filter((word) => word !== '').join(' ');
}

/** source: pkg/printers/internalversion/printers.go printEndpointSlice */
function endpointsText({ api, kernel }: Cluster): string {
  const slices = sortedBy([...api.store.list('EndpointSlice')] as EndpointSlice[], keyOf);
  const rows = slices.map((slice) => {
    const { metadata, addressType, ports = [], endpoints } = slice;
    return [
      metadata.namespace ?? '',
      metadata.name,
      addressType,
      ports.map(({ port }) => String(port)).join(',') || '<unset>',
      shortened(endpoints.flatMap(({ addresses }) => addresses)),
      ageText(kernel.now - (metadata.creationTimestamp ?? 0)),
    ];
  });
  return table(['NAMESPACE', 'NAME', 'ADDRESSTYPE', 'PORTS', 'ENDPOINTS', 'AGE'], rows);
}

/** source: staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go HumanDuration */
function ageText(microseconds: number): string {
  const seconds = Math.floor(Math.max(0, microseconds) / 1_000_000);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const andSeconds = seconds % 60 === 0 ? '' : `${seconds % 60}s`;
  if (minutes < 10) return `${minutes}m${andSeconds}`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  const andMinutes = minutes % 60 === 0 ? '' : `${minutes % 60}m`;
  if (hours < 8) return `${hours}h${andMinutes}`;
  return hours < 48 ? `${hours}h` : `${Math.floor(hours / 24)}d`;
}

/** kubectl shows three and counts the rest. */
function shortened(addresses: readonly string[]): string {
  const shown = addresses.slice(0, 3).join(',') || '<unset>';
  const rest = addresses.length - 3;
  return rest > 0 ? `${shown} + ${rest} more...` : shown;
}

/** The resolver's file of each pod on the node, as the kubelet wrote it. */
function dnsText({ spec, api }: Cluster, { name }: Machine): string {
  const pods = [...api.store.list('Pod')] as Pod[];
  const here = sortedBy(
    pods.filter((pod) => pod.spec.nodeName === name),
    keyOf,
  );
  return here
    .map(
      (pod) => `# ${keyOf(pod)}\n${resolvText(resolvConfOf(pod, kubeletDnsOf(spec), spec.domain))}`,
    )
    .join('\n');
}

function resolvText(conf: ResolvConf): string {
  const { nameservers, search, isNodes } = conf;
  if (isNodes) return '# the file of the node\n';
  const lines = [
    search.length === 0 ? '' : `search ${search.join(' ')}`,
    ...nameservers.map((server) => `nameserver ${server}`),
    conf.options.size === 0 ? '' : `options ${optionTexts(conf).join(' ')}`,
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]! + 3))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
