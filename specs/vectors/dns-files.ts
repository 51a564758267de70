// The files that the kubelet writes for a pod.

import type { Pod } from '../../src/apiserver/kinds/pod';
import { parseIp } from '../../src/values/ip';
import { keyOf } from '../../src/values/kube-object';
import {
  hostDomainOf,
  hostnameOf,
  hostsLinesOf,
  optionTexts,
  parseResolvConf,
  podDns,
} from '../../src/workloads/resolv-conf';
import type { Answer, Question } from './vector-file';

interface KubeletSettings {
  readonly clusterDNS?: readonly string[];
  readonly clusterDomain?: string;
  readonly resolvConf?: string;
}

export function resolvConf(question: Question): Answer {
  const { pod, kubelet } = podOf(question, 'resolvConf');
  const { clusterDNS = [], clusterDomain = '', resolvConf: text = '' } = kubelet;
  const node = text === '' ? undefined : parseResolvConf(text);
  if (text !== '' && node === undefined) return { is: { error: true } };
  const nodeAddresses = (question.cluster.nodes ?? []).flatMap(({ ips }) => ips);
  const { conf, events } = podDns(pod, {
    clusterDns: clusterDNS.flatMap((it) => parseIp(it) ?? []),
    domain: clusterDomain,
    node,
    nodeAddresses: nodeAddresses.flatMap((it) => parseIp(it) ?? []),
  });
  const { nameservers, search } = conf;
  return { is: { nameservers, search, options: optionTexts(conf), event: events[0] } };
}

export function hostsFile(question: Question): Answer {
  const { pod, kubelet } = podOf(question, 'hostsFile');
  const domain = kubelet.clusterDomain ?? '';
  const { podIPs = [], podIP } = (pod.status ?? {}) as {
    podIPs?: readonly { readonly ip: string }[];
    podIP?: string;
  };
  const texts = podIPs.length > 0 ? podIPs.map(({ ip }) => ip) : [podIP ?? ''];
  const addresses = texts.flatMap((text) => parseIp(text) ?? []);
  const lines = hostsLinesOf(pod, addresses, domain).map(
    ({ address, names }) => `${address} ${names.join(' ')}`,
  );
  return { is: { lines, hostname: hostnameOf(pod), domain: hostDomainOf(pod, domain) } };
}

function podOf({ ask, cluster, objects }: Question, kind: string) {
  const { pod: key } = ask[kind] as { readonly pod: string };
  const pod = objects.find((it) => it.kind === 'Pod' && keyOf(it) === key) as Pod | undefined;
  if (pod === undefined) throw new Error(`the question has no pod ${key}`);
  return { pod, kubelet: (cluster['kubelet'] ?? {}) as KubeletSettings };
}
