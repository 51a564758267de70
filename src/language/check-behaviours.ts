// Whose behaviour `behaviour` declares: workloads, pods, and the images of containers. What it
// names must be there, and the model knows each by its full name.

import type { BehaviourSpec } from '../values/cluster-spec';
import { matchesImage } from '../values/image-pattern';
import { checkPodReference } from './check-references';
import type { ReferenceContext } from './check-references';
import { didYouMean } from './did-you-mean';
import type { Inventory } from './inventory';
import type { KindWords } from './lexicon';
import { parseReference, WORKLOAD_KINDS } from './reference';
import type { Reference } from './reference';
import type { Place } from './source-text';
import { child } from './tree';
import type { Tree } from './tree';

const IMAGE = /^image\/(.+)$/;
const FORM_HINT = 'write [kind/][namespace/]name[/container], or image/PATTERN: image/nginx*';
const MOST_LISTED = 6;

/** Kinds whose pods can share a load. */
const SHARING: readonly string[] = [
  'Deployment',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
];

/** Checks the targets of `behaviour`. Steps may bring images that no manifest has. */
export function checkBehaviours(
  behaviour: Tree | undefined,
  steps: readonly Tree[],
  context: ReferenceContext,
): void {
  const entries = [...(behaviour?.entries ?? [])];
  if (entries.length === 0) return;
  const known = context.inventory.pods.flatMap((pod) => pod.images);
  const images = [...new Set([...known, ...steps.flatMap(imagesIn)])];
  for (const [target, { key, tree }] of entries) {
    const pattern = IMAGE.exec(target)?.[1];
    if (pattern === undefined) checkTarget(target, key, images, context);
    else checkImage(pattern, key, images, context);
    checkLoad(target, child(tree, 'load'), context);
  }
}

/** The behaviours by full names: `deployment/shop/web` for `shop/web`; images as they are. */
export function withFullTargets(
  behaviours: readonly BehaviourSpec[],
  inventory: Inventory,
  kinds: KindWords,
): readonly BehaviourSpec[] {
  return behaviours.flatMap((behaviour) =>
    fullTargets(behaviour.target, inventory, kinds).map((target) => ({ ...behaviour, target })),
  );
}

/** What names nothing stays as it is written: the check has an error for it. */
function fullTargets(text: string, inventory: Inventory, kinds: KindWords): readonly string[] {
  const reading = parseReference(text, kinds.names);
  if (IMAGE.test(text) || !reading.ok) return [text];
  const { container } = reading.value;
  const end = container === undefined ? '' : `/${container}`;
  return ownersOf(reading.value, inventory).map(
    ({ kind, namespace, name }) => `${kind.toLowerCase()}/${namespace}/${name}${end}`,
  );
}

interface Owner {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** Whose pods a reference means. */
function ownersOf(reference: Reference, inventory: Inventory): readonly Owner[] {
  const { name, namespace = 'default' } = reference;
  if (isDns(reference)) return inventory.podsLike('kube-system', { 'k8s-app': 'kube-dns' });
  const key = `${namespace}/${name}`;
  const found = inventory.has('Pod', key) ? 'Pod' : inventory.workloadKinds(key)[0];
  const kind = reference.kind ?? found;
  return kind === undefined ? [] : [{ kind, namespace, name }];
}

/** Whether there is such a pod or workload, or one of that name in another namespace. */
function isNameOfOne(reference: Reference, inventory: Inventory): boolean {
  if (ownersOf(reference, inventory).length > 0) return true;
  return (
    reference.namespace === undefined && inventory.pods.some((it) => it.name === reference.name)
  );
}

/** `coredns` alone is short for the pods behind the kube-dns Service. */
function isDns({ kind, namespace, name }: Reference): boolean {
  return kind === undefined && namespace === undefined && name === 'coredns';
}

function checkTarget(
  target: string,
  place: Place,
  images: readonly string[],
  context: ReferenceContext,
): void {
  const { report, inventory, kinds } = context;
  const image = imageHint(target, images);
  const reading = parseReference(target, kinds.names);
  if (!reading.ok) return report.error('KD1105', place, reading.message, image ?? FORM_HINT);
  const reference = reading.value;
  const { kind = 'Pod', ordinal, text } = reference;
  if (kind !== 'Pod' && !WORKLOAD_KINDS.includes(kind)) {
    const hint = 'name the pods or the workload whose processes behave so';
    return report.error('KD1606', place, `"${text}" is a ${kind}: no process runs in it`, hint);
  }
  if (ordinal !== undefined) {
    const message = `"${text}" is a pod by its number, and which one that is changes`;
    return report.error('KD1606', place, message, 'name the workload, or the pod by its own name');
  }
  if (image !== undefined && !isNameOfOne(reference, inventory)) {
    const message = `there is neither a pod nor a workload "${text}"`;
    return report.error('KD1605', place, message, image);
  }
  checkPodReference(reference, place, context, 'KD1605');
}

/** Where somebody writes an image without saying that it is one, or says it in other words. */
function imageHint(target: string, images: readonly string[]): string | undefined {
  const patterns = [target, target.replace(/^(?:images?|container)\//i, '')];
  const pattern = patterns.find((it) => images.some((one) => matchesImage(it, one)));
  return pattern === undefined ? undefined : `an image is written image/${pattern}`;
}

function checkImage(
  pattern: string,
  place: Place,
  images: readonly string[],
  { report }: ReferenceContext,
): void {
  if (images.some((one) => matchesImage(pattern, one))) return;
  const names = [...images, ...images.map(bare)];
  const more = images.length > MOST_LISTED ? ', …' : '';
  const listed = `the images are ${images.slice(0, MOST_LISTED).join(', ')}${more}`;
  const hint = didYouMean(pattern, names) ?? (images.length === 0 ? undefined : listed);
  report.error('KD1605', place, `no container has an image like "${pattern}"`, hint);
}

/** `registry.k8s.io/nginx:1.27@sha256:…` → `nginx`. */
function bare(image: string): string {
  return image
    .replace(/@.*$/, '')
    .replace(/:[^/]*$/, '')
    .replace(/^.*\//, '');
}

/** A load is what the pods of a workload need together. */
function checkLoad(target: string, load: Tree | undefined, context: ReferenceContext): void {
  if (load === undefined) return;
  const { inventory, kinds, report } = context;
  const reading = parseReference(target, kinds.names);
  const isShared =
    !IMAGE.test(target) &&
    reading.ok &&
    reading.value.container === undefined &&
    ownersOf(reading.value, inventory).every(({ kind }) => SHARING.includes(kind));
  if (isShared) return;
  const message = `a load is shared by the pods of a workload; "${target}" is none`;
  const hint = `write one of ${SHARING.map((kind) => kind.toLowerCase()).join(', ')}`;
  report.error('KD1606', load.place, message, hint);
}

/** What a step writes under `image`, at any depth, and as the value of a JSON patch. */
function imagesIn(part: Tree): readonly string[] {
  const below = (part.items ?? []).flatMap(imagesIn);
  const own = [...(part.entries ?? [])].flatMap(([key, { tree }]) => {
    if (key !== 'image' && key !== 'value') return imagesIn(tree);
    const written =
      tree.entries === undefined ? [tree] : [...tree.entries.values()].map((it) => it.tree);
    return written.map(({ value }) => value).filter((value) => typeof value === 'string');
  });
  return [...below, ...own];
}
