// What lies behind a failed connection to a Service, in the order in which an engineer looks:
// the port, the selector, the pods. The walk says what the rules did; these sentences say what in
// the manifests made them so.

import type { ContainerPort, Pod } from '../apiserver/kinds/pod';
import type { Service } from '../apiserver/kinds/service';
import type { Cluster } from '../cluster/cluster';
import { keyOf } from '../values/kube-object';
import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import { sortedKeys } from '../values/order';
import type { Trace } from '../values/trace';
import { tellTrouble } from './pod-trouble';

/** Sentences about one walk; none where there is nothing more to say than the walk itself. */
export function diagnose(cluster: Cluster, trace: Trace): readonly string[] {
  switch (trace.disposition) {
    case 'no-endpoints':
    case 'no-local-endpoints':
      return servicesAt(cluster, trace).flatMap((service) => tellEndpoints(cluster, service));
    default:
      return trace.responder === undefined
        ? [...tellPort(cluster, trace), ...tellRules(cluster, trace)]
        : [];
  }
}

/** A port that the Service does not have matches no rule and leaves the node untranslated. */
function tellPort(cluster: Cluster, trace: Trace): string[] {
  const { dport, protocol } = trace.sent;
  return servicesAt(cluster, trace).flatMap((service) => {
    const ports = service.spec.ports ?? [];
    const has = ports.some((it) => it.port === dport && (it.protocol ?? 'TCP') === protocol);
    if (has) return [];
    const listed = ports.map((it) => `${it.port}/${it.protocol ?? 'TCP'}`).join(', ');
    return [`Service ${keyOf(service)} has no port ${dport}/${protocol}, only ${listed}`];
  });
}

/** Without any rules in its kernel, a node takes the address of a Service for a stranger's. */
function tellRules(cluster: Cluster, trace: Trace): string[] {
  const node = trace.hops[0]?.node ?? '';
  const machine = cluster.machines.get(node);
  if (machine?.powered !== true) return [];
  if (machine.proxyRules.size > 0 || machine.leftRules.size > 0) return [];
  return servicesAt(cluster, trace).map((service) => {
    const subject = `Service ${keyOf(service)}`;
    return `${node} has no rule for ${subject}: kube-proxy@${node} has not synced yet`;
  });
}

/** The Services that have the address to which a packet was sent. */
export function servicesAt(cluster: Cluster, { sent }: Trace): Service[] {
  const services = [...cluster.api.store.list('Service')] as Service[];
  return services.filter(({ spec }) => {
    const addresses = [spec.clusterIP, ...(spec.clusterIPs ?? []), ...(spec.externalIPs ?? [])];
    return addresses.includes(sent.dst);
  });
}

function tellEndpoints(cluster: Cluster, service: Service): string[] {
  const name = `Service ${keyOf(service)}`;
  const { selector } = service.spec;
  if (selector === undefined || Object.keys(selector).length === 0) {
    return [`${name} has no selector: its endpoints are only those that somebody writes`];
  }
  const { namespace } = service.metadata;
  const pods = ([...cluster.api.store.list('Pod')] as Pod[]).filter((pod) => {
    return pod.metadata.namespace === namespace && matchesLabels(pod.metadata.labels, selector);
  });
  if (pods.length === 0) {
    return [`${name} selects ${formatLabels(selector)}, and no pod in ${namespace} has that`];
  }
  const unready = pods.filter((pod) => !isReady(pod)).map(keyOf);
  if (unready.length === pods.length) {
    const troubles = unready.map((pod) => tellTrouble(cluster, pod));
    const told = [...new Set(troubles.filter((it) => it !== undefined))];
    return [`not ready of ${name}: ${unready.join(', ')}`, ...told];
  }
  return tellPortNames(service, pods);
}

/** A target port may be a name; a pod that declares none of that name has nothing to lead to. */
function tellPortNames(service: Service, pods: readonly Pod[]): string[] {
  const declared = new Set(
    pods.flatMap(({ spec }) => spec.containers.flatMap(({ ports = [] }) => ports)).map(nameOf),
  );
  const wanted = (service.spec.ports ?? []).map(({ targetPort }) => targetPort);
  return wanted
    .filter((port) => typeof port === 'string' && !declared.has(port))
    .map((port) => {
      return `Service ${keyOf(service)} leads to the port "${port}", which no container declares`;
    });
}

function nameOf({ name }: ContainerPort): string | undefined {
  return name;
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some((it) => it.type === 'Ready' && it.status === 'True') ?? false;
}

function formatLabels(labels: Labels): string {
  return sortedKeys(labels)
    .map((key) => `${key}=${labels[key]}`)
    .join(',');
}
