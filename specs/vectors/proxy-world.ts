// The world of a vector question as kube-proxy of one node sees it.

import { ip } from '../../src/values/ip';
import type { Family } from '../../src/values/ip';
import { cidr } from '../../src/values/cidr';
import type { KubeObject } from '../../src/values/kube-object';
import { endpointsOfService, serviceOfSlice } from '../../src/node/proxy/endpoints-map';
import { servicePortKey } from '../../src/node/proxy/proxy-mode';
import type { Endpoint, ProxyInput, ProxyNode } from '../../src/node/proxy/proxy-mode';
import { serviceMapOf } from '../../src/node/proxy/service-map';
import type { Question } from './vector-file';

const LOOPBACKS = { IPv4: '127.0.0.1', IPv6: '::1' } as const;

/** Services and slices of the question, read as kube-proxy reads them. */
export function proxyInput({ objects }: Question, family: Family): ProxyInput {
  const services = objects.filter(({ kind }) => kind === 'Service');
  const slices = new Map<string, KubeObject[]>();
  for (const slice of objects.filter(({ kind }) => kind === 'EndpointSlice')) {
    const service = serviceOfSlice(slice);
    if (service !== undefined) slices.set(service, [...(slices.get(service) ?? []), slice]);
  }
  const endpoints = [...slices.values()].flatMap((list) => [...endpointsOfService(list, family)]);
  return {
    servicePorts: serviceMapOf(services, family),
    endpoints: new Map<string, readonly Endpoint[]>(endpoints),
  };
}

/** The node named in the question. Throws where the cluster has no such node. */
export function proxyNode(question: Question, name: string, family: Family): ProxyNode {
  const { proxyConfig = {}, kubernetes, serviceCIDR, proxy = 'iptables' } = question.cluster;
  const { iptables = {}, nodePortAddresses = [], clusterCIDR = '' } = proxyConfig;
  const { masqueradeAll } = (proxyConfig[proxy] ?? {}) as { masqueradeAll?: boolean };
  const node = question.cluster.nodes?.find((it) => it.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  const isNodeLocal = proxyConfig.detectLocalMode === 'NodeCIDR';
  const ranges = isNodeLocal ? (node.podCIDRs ?? []) : rangesOf(clusterCIDR);
  return {
    name,
    family,
    addresses: hostAddresses(question, name).filter((address) => familyIs(address, family)),
    zone: node.zone ?? '',
    clusterCIDR: ranges.find((text) => cidr(text).family === family),
    masqueradeAll: masqueradeAll ?? false,
    nodePortAddresses,
    localhostNodePorts: iptables.localhostNodePorts ?? true,
    serviceCIDRs: rangesOf(serviceCIDR).filter((text) => cidr(text).family === family),
    kubernetes,
  };
}

/** A field of ranges, as text with commas or as a list. */
function rangesOf(field: unknown): string[] {
  const texts = typeof field === 'string' ? field.split(',') : ((field ?? []) as string[]);
  return texts.filter((text) => text !== '');
}

/** Every address of the host: those of its interfaces where they are given, loopback otherwise. */
function hostAddresses(question: Question, name: string) {
  const { ips, interfaces } = question.cluster.nodes!.find((it) => it.name === name)!;
  const listed = Object.values(interfaces ?? {})
    .flat()
    .map((text) => text.split('/')[0]!);
  const loopback = interfaces === undefined ? Object.values(LOOPBACKS) : [];
  return [...new Set([...ips, ...listed, ...loopback].map((text) => ip(text)))];
}

function familyIs(address: string, family: Family): boolean {
  return address.includes(':') === (family === 'IPv6');
}

/** The key of a Service port: `ns/name`, its port's name, and TCP where nothing else is said. */
export function portKey(service: string, port: string, protocol = 'TCP'): string {
  const [namespace = '', name = ''] = service.split('/');
  return servicePortKey({ namespace, name, port, protocol: protocol as 'TCP' });
}
