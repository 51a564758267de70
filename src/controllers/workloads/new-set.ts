// The ReplicaSet that a Deployment makes of its template, and how it is known again.
// source: pkg/controller/deployment/sync.go getNewReplicaSet

import { FoundRight } from '../../apiserver/found-right';
import { equalJson } from '../../apiserver/json';
import type { Deployment, DeploymentSpec } from '../../apiserver/kinds/deployment';
import { NAME_MOST } from '../../apiserver/kinds/names';
import type { ReplicaSet } from '../../apiserver/kinds/replicaset';
import type { PodTemplate, WorkloadSpec } from '../../apiserver/kinds/workload';
import { copyWith } from '../../values/kube-object';
import type { KubeObject, ObjectKey } from '../../values/kube-object';
import type { Labels, LabelSelector } from '../../values/labels';
import { controllerReference } from '../owner';
import { bounds, DESIRED_REPLICAS, MAX_REPLICAS, REVISION, wantedReplicas } from './rollout';
import { templateHash } from './template-hash';

const NO_LABELS: Labels = Object.freeze({});
const NO_SELECTOR: LabelSelector = Object.freeze({});
const HASH_LABEL = 'pod-template-hash';

/** A set before anybody owns it: the same in every cluster. It is frozen part by part. */
interface Body {
  readonly owner: string;
  readonly namespace: string | undefined;
  readonly replicas: number;
  readonly revision: number;
  readonly name: string;
  readonly key: ObjectKey;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly spec: WorkloadSpec;
  /** Whether all of it was found right with its owner. */
  readonly isRight: boolean;
}

/** What was made of a spec last: each is made into a set once, in each cluster. */
const bodies = new WeakMap<DeploymentSpec, Body>();

/** The set of the template of now, and its key. */
export function setFor(
  owner: Deployment,
  replicas: number,
  revision: number,
): { readonly set: KubeObject; readonly key: ObjectKey } {
  const body = bodyFor(owner, replicas, revision);
  const { namespace, name, key, labels, annotations, spec } = body;
  const ownerReferences = Object.freeze([controllerReference(owner)]);
  if (body.isRight && namespace !== undefined) {
    const metadata = { name, namespace, labels, annotations, ownerReferences };
    return { set: new FoundRight(API_VERSION, KIND, metadata, spec), key };
  }
  const metadata =
    namespace === undefined
      ? { name, labels, annotations, ownerReferences }
      : { name, namespace, labels, annotations, ownerReferences };
  return { set: { apiVersion: API_VERSION, kind: KIND, metadata, spec }, key };
}

const API_VERSION = 'apps/v1';
const KIND = 'ReplicaSet';

/** The annotations of a set that say for which number it was sized. */
export function sizeAnnotations(owner: Deployment): Record<string, string> {
  const wanted = wantedReplicas(owner);
  return {
    [DESIRED_REPLICAS]: String(wanted),
    [MAX_REPLICAS]: String(wanted + bounds(owner).surge),
  };
}

/** The first of the sets that has the template, but for its hash. */
export function freshAmong(
  sets: readonly ReplicaSet[],
  template: PodTemplate,
): ReplicaSet | undefined {
  for (const set of sets) if (isSameTemplate(set.spec.template, template)) return set;
  return undefined;
}

function bodyFor(owner: Deployment, replicas: number, revision: number): Body {
  const { name, namespace } = owner.metadata;
  const known = bodies.get(owner.spec);
  const isKnown =
    known?.owner === name &&
    known.namespace === namespace &&
    known.replicas === replicas &&
    known.revision === revision;
  if (isKnown) return known;
  const body = makeBody(owner, replicas, revision);
  bodies.set(owner.spec, body);
  return body;
}

function makeBody(owner: Deployment, replicas: number, revision: number): Body {
  const { name: ownerName, namespace } = owner.metadata;
  const { template, selector, minReadySeconds } = owner.spec;
  const hash = templateHash(template);
  const label = { [HASH_LABEL]: hash };
  const labels: Labels = Object.freeze(copyWith(template.metadata?.labels ?? NO_LABELS, label));
  const matchLabels = Object.freeze(copyWith(selector?.matchLabels ?? NO_LABELS, label));
  const own = withLabels(template, labels);
  // Nobody has to look: it differs in the label alone that makes it another one.
  compared.set(own, { wanted: template, isSame: true });
  const ofSet = Object.freeze(copyWith(selector ?? NO_SELECTOR, { matchLabels }));
  const spec = { replicas, minReadySeconds: minReadySeconds ?? 0, selector: ofSet, template: own };
  const name = `${ownerName}-${hash}`;
  return {
    owner: ownerName,
    namespace,
    replicas,
    revision,
    name,
    key: namespace === undefined ? name : `${namespace}/${name}`,
    labels,
    annotations: Object.freeze(copyWith(sizeAnnotations(owner), { [REVISION]: String(revision) })),
    spec: Object.freeze(spec),
    isRight: name.length <= NAME_MOST && selector?.matchExpressions === undefined,
  };
}

/** The answer about the last template that each one was compared with: both hardly ever change. */
const compared = new WeakMap<PodTemplate, { wanted: PodTemplate; isSame: boolean }>();

function isSameTemplate(ofSet: PodTemplate, wanted: PodTemplate): boolean {
  let last = compared.get(ofSet);
  if (last?.wanted !== wanted) {
    last = { wanted, isSame: haveSameContent(ofSet, wanted) };
    compared.set(ofSet, last);
  }
  return last.isSame;
}

/** source: pkg/controller/deployment/util/deployment_util.go EqualIgnoreHash */
function haveSameContent(ofSet: PodTemplate, wanted: PodTemplate): boolean {
  return equalJson(withoutHash(ofSet), withoutHash(wanted));
}

function withoutHash(template: PodTemplate): PodTemplate {
  const { [HASH_LABEL]: _hash, ...labels } = template.metadata?.labels ?? NO_LABELS;
  return withLabels(template, labels);
}

function withLabels(template: PodTemplate, labels: Labels): PodTemplate {
  const metadata = Object.freeze(copyWith(template.metadata ?? {}, { labels }));
  return Object.freeze(copyWith(template, { metadata }));
}
