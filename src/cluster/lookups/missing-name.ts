// Why a name of the cluster does not exist: the sentence that a person who knows the cluster would
// add to NXDOMAIN. It reads the API as it stands, which the server that denied may lag behind.

import type { ClusterSpec } from '../../values/cluster-spec';
import type { KubeObject } from '../../values/kube-object';
import { sortedBy } from '../../values/order';

/** What is read of the store. */
interface Objects {
  get(kind: string, key: string): KubeObject | undefined;
  list(kind: string): Iterable<KubeObject>;
}

/** The parts of a name that people give to a Service: `db-0.db`, `db.shop`, `db.shop.svc`. */
interface AskedFor {
  /** Labels in front of the Service's own: an endpoint, or a port and a protocol. */
  readonly host: readonly string[];
  readonly service: string;
  readonly namespace: string;
}

/** Namespaces that are listed where several have a Service of the name. */
const NAMESPACES_MAX = 3;

/**
 * One or more sentences without a full stop; empty where nothing of the cluster seems to be meant.
 * `home` is the namespace of whoever asks; undefined for what is no pod.
 */
export function explainMissing(
  store: Objects,
  { domain }: Pick<ClusterSpec, 'domain'>,
  name: string,
  home: string | undefined,
): string {
  const { labels, isFull } = labelsOf(name, domain);
  const meanings = meaningsOf(labels, isFull ? undefined : home);
  const known = meanings.find((it) => serviceOf(store, it) !== undefined);
  if (known !== undefined) return explainKnown(store, domain, known);
  for (const { service, host } of meanings) {
    // `api.example.com` is more likely a name of the outside than an endpoint of a Service.
    const elsewhere = isFull || host.length === 0 ? namespacesWith(store, service) : [];
    if (elsewhere.length > 0) return pointTo(domain, service, elsewhere);
  }
  const [first] = meanings;
  if (first === undefined || (!isFull && first.host.length > 0)) return '';
  if (first.namespace !== '' && hasNamespace(store, first.namespace)) {
    return `there is no Service ${first.service} in any namespace`;
  }
  return isFull ? `there is no namespace ${first.namespace}` : '';
}

/** The labels in front of the cluster's domain, and whether they end in `svc`. */
function labelsOf(name: string, domain: string): { labels: string[]; isFull: boolean } {
  const plain = name.toLowerCase().replace(/\.$/, '');
  const suffix = [`.svc.${domain}`, '.svc'].find((it) => plain.endsWith(it));
  const rest = suffix === undefined ? plain : plain.slice(0, -suffix.length);
  return { labels: rest.split('.'), isFull: suffix !== undefined };
}

/** What the labels can mean, as the search list of a pod would complete them; the best first. */
function meaningsOf(labels: readonly string[], home: string | undefined): readonly AskedFor[] {
  const [last = '', before] = [labels.at(-1), labels.at(-2)];
  const own = { host: labels.slice(0, -1), service: last, namespace: home ?? '' };
  const meanings = home === undefined ? [] : [own];
  if (before === undefined) return meanings;
  return [{ host: labels.slice(0, -2), service: before, namespace: last }, ...meanings];
}

function explainKnown(store: Objects, domain: string, asked: AskedFor): string {
  const { host, service, namespace } = asked;
  const full = `${service}.${namespace}.svc.${domain}`;
  const what = `Service ${namespace}/${service}`;
  if (host.length > 0) {
    return `${what} exists, but has no ready endpoint called ${host.join('.')}`;
  }
  const isHeadless = clusterIPOf(serviceOf(store, asked)) === 'None';
  if (isHeadless && !hasReadyEndpoints(store, asked)) {
    return `${what} is headless and has no ready endpoint`;
  }
  const why =
    'the question for that got no answer, a cache or a lagging watch does not know it yet, or ' +
    'this resolver does not search';
  return `${what} exists, and its full name is ${full}: ${why}`;
}

function pointTo(domain: string, service: string, namespaces: readonly string[]): string {
  const listed = namespaces.slice(0, NAMESPACES_MAX);
  const more = namespaces.length - listed.length;
  const where = more > 0 ? `${listed.join(', ')} and ${more} more` : listed.join(', ');
  const word = namespaces.length === 1 ? 'namespace' : 'namespaces';
  const full = `${service}.${listed[0]!}.svc.${domain}`;
  return `Service ${service} lives in ${word} ${where}: ${full} is its full name`;
}

function serviceOf(store: Objects, { namespace, service }: AskedFor): KubeObject | undefined {
  return store.get('Service', `${namespace}/${service}`);
}

function namespacesWith(store: Objects, service: string): string[] {
  const named = [...store.list('Service')].filter(({ metadata }) => metadata.name === service);
  return sortedBy(
    named.map(({ metadata }) => metadata.namespace ?? ''),
    (namespace) => namespace,
  );
}

function hasNamespace(store: Objects, name: string): boolean {
  return store.get('Namespace', name) !== undefined;
}

function clusterIPOf(service: KubeObject | undefined): string | undefined {
  return (service?.spec as { readonly clusterIP?: string } | undefined)?.clusterIP;
}

interface SliceFields {
  readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[];
}

function hasReadyEndpoints(store: Objects, { namespace, service }: AskedFor): boolean {
  return [...store.list('EndpointSlice')].some((slice) => {
    const { labels = {}, namespace: own } = slice.metadata;
    if (own !== namespace || labels['kubernetes.io/service-name'] !== service) return false;
    const { endpoints = [] } = slice as KubeObject & SliceFields;
    return endpoints.some(({ conditions }) => conditions?.ready !== false);
  });
}
