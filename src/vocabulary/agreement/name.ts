// A name of the cluster's DNS: whether each server answers as the API says now.

import type { Cluster } from '../../cluster/cluster';
import { compareText } from '../../values/order';
import { podName, podsOfReference, readReference, UnknownTargetError } from '../targets';
import { slicesOf } from './service';
import { noAgreement } from './view';
import type { Agreement, View } from './view';

/** The name of a Service as clients write it, in full or without its end: `backend.shop`. */
export function nameAgreement(cluster: Cluster, text: string): Agreement {
  const { namespace, name } = serviceNamed(cluster, text);
  const key = `${namespace}/${name}`;
  const wanted = addressesOf(cluster, key);
  if (typeof wanted === 'string') return noAgreement(wanted);
  const full = `${name}.${namespace}.svc.${cluster.spec.domain}`;
  const servers = podsOfReference(cluster, readReference('coredns'));
  const views = servers.flatMap((pod): View[] => {
    const answers = cluster.answersOf(pod, full);
    if (answers === undefined) return [];
    const place = podName(cluster, pod);
    const agent = `coredns@${pod.slice(pod.indexOf('/') + 1)}`;
    if (typeof answers === 'string') {
      const state = 'not modelled';
      return [
        { place, state, trouble: `is not modelled: ${answers}`, notModelled: answers, agent },
      ];
    }
    const has = [...answers].sort(compareText);
    const isRight = has.join() === wanted.join();
    const trouble = `answers ${sayAddresses(has)} instead of ${sayAddresses(wanted)}`;
    return [{ place, state: has.join(), trouble: isRight ? '' : trouble, agent }];
  });
  if (views.length === 0) return noAgreement('no DNS server of the cluster runs');
  const objects = [`Service/${key}`, ...slicesOf(cluster, key)];
  return { truth: wanted.join(), views, objects };
}

function serviceNamed({ spec }: Cluster, text: string): { namespace: string; name: string } {
  const plain = text
    .replace(/\.$/, '')
    .replace(`.${spec.domain}`, '')
    .replace(/\.svc$/, '');
  const [name = '', namespace = 'default', ...rest] = plain.split('.');
  if (rest.length === 0) return { namespace, name };
  throw new UnknownTargetError(`${text} is not the name of a Service: write NAME.NAMESPACE`);
}

/** What the name stands for by the API, sorted; a text where DNS has no answer of its own. */
function addressesOf({ api }: Cluster, key: string): readonly string[] | string {
  const service = api.store.get('Service', key);
  if (service === undefined) return [];
  const spec = (service.spec ?? {}) as ServiceFields;
  if (spec.type === 'ExternalName')
    return `Service ${key} is an ExternalName: others answer for it`;
  if (spec.clusterIP !== 'None') return [...(spec.clusterIPs ?? [])].sort(compareText);
  const [namespace, name] = key.split('/');
  const listed = new Set<string>();
  for (const slice of api.store.list('EndpointSlice')) {
    const { metadata, endpoints = [] } = slice as unknown as SliceFields;
    if (metadata.namespace !== namespace) continue;
    if (metadata.labels?.['kubernetes.io/service-name'] !== name) continue;
    for (const { addresses, conditions } of endpoints) {
      if (conditions?.ready === false && spec.publishNotReadyAddresses !== true) continue;
      for (const address of addresses) listed.add(address);
    }
  }
  return [...listed].sort(compareText);
}

interface ServiceFields {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly publishNotReadyAddresses?: boolean;
}

interface SliceFields {
  readonly metadata: {
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

function sayAddresses(addresses: readonly string[]): string {
  return addresses.length === 0 ? 'nothing' : addresses.join(', ');
}
