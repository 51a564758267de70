// What pods need beside themselves: their account, their settings, their claims. The model has no
// use for them, so a pod that lacks one runs all the same; a real one would not, and that is said.

import { nameOf } from '../values/kube-object';
import { didYouMean } from './did-you-mean';
import type { Inventory } from './inventory';
import type { PlacedObject } from './manifests';
import { WORKLOAD_KINDS } from './reference';
import type { Report } from './report';
import { child, textOf } from './tree';
import type { Tree } from './tree';

/** What a real cluster does without it. */
const WITHOUT = {
  /** source: plugin/pkg/admission/{serviceaccount,priority,runtimeclass}/admission.go */
  admission: 'a real API server refuses its pods; here they run',
  /** source: pkg/kubelet/kubelet_pods.go makeEnvironmentVariables (CreateContainerConfigError) */
  environment: 'a real container does not start (CreateContainerConfigError); here it does',
  /** source: pkg/volume/{configmap,secret,projected} SetUpAt */
  volume: 'a real pod stays in ContainerCreating; here it starts',
  /** source: pkg/scheduler/framework/plugins/volumebinding/volume_binding.go PreFilter */
  claim: 'a real pod stays unscheduled; here it runs',
} as const;

/** An object that a pod refers to, where it does so. */
interface Need {
  readonly kind: string;
  readonly name: Tree;
  /** Entries of it that have to be there, too. */
  readonly keys: readonly Tree[];
  readonly without: string;
}

/**
 * What every cluster has without a manifest.
 * source: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher,
 * pkg/apis/scheduling/v1/helpers.go SystemPriorityClasses
 */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  ServiceAccount: ['default'],
  ConfigMap: ['kube-root-ca.crt'],
  PriorityClass: ['system-cluster-critical', 'system-node-critical'],
};

/** Where objects have the entries that pods ask for. */
const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  ConfigMap: ['data', 'binaryData'],
  Secret: ['data', 'stringData'],
};

/** Warns of each object, and of each entry of one, that pods need and that no manifest brings. */
export function checkNeeds(
  placed: readonly PlacedObject[],
  inventory: Inventory,
  report: Report,
): void {
  const told = new Set<string>();
  const known = new Map(placed.map((one) => [nameOf(one.object), one.tree]));
  for (const { object, tree } of placed) {
    const spec = child(tree, 'spec');
    const isPod = object.kind === 'Pod';
    if (!isPod && !WORKLOAD_KINDS.includes(object.kind)) continue;
    const pod = isPod ? spec : child(child(spec, 'template'), 'spec');
    for (const need of needsOf(pod)) {
      const key = keyOf(need, object.metadata.namespace);
      const name = `${need.kind}/${key}`;
      if (inventory.has(need.kind, key)) checkEntries(need, key, known.get(name), report);
      else if (!told.has(name)) {
        told.add(name);
        const message = `no manifest has the ${need.kind} "${key}": without it ${need.without}`;
        const hint = didYouMean(key, inventory.ofKind(need.kind));
        report.warn('KD1209', need.name.place, message, hint);
      }
    }
  }
}

function keyOf({ kind, name }: Need, namespace: string | undefined): string {
  const isOfCluster = kind === 'PriorityClass' || kind === 'RuntimeClass';
  return isOfCluster ? String(name.value) : `${namespace}/${String(name.value)}`;
}

function checkEntries(
  { kind, keys, without }: Need,
  key: string,
  manifest: Tree | undefined,
  report: Report,
): void {
  // What is in a token, and in an object that comes with every cluster, stands in no manifest.
  const isFilledIn = textOf(child(manifest, 'type'))?.startsWith('kubernetes.io/') === true;
  if (manifest === undefined || isFilledIn) return;
  const parts = (ENTRIES[kind] ?? []).map((part) => child(manifest, part)?.entries);
  const known = parts.flatMap((part) => [...(part?.keys() ?? [])]);
  for (const { value, place } of keys) {
    const entry = String(value);
    if (known.includes(entry)) continue;
    const message = `the ${kind} "${key}" has no entry "${entry}": without it ${without}`;
    report.warn('KD1209', place, message, didYouMean(entry, known));
  }
}

function needsOf(pod: Tree | undefined): readonly Need[] {
  const own = [
    ...need(pod, 'ServiceAccount', WITHOUT.admission, 'serviceAccountName'),
    ...need(pod, 'ServiceAccount', WITHOUT.admission, 'serviceAccount'),
    ...need(pod, 'PriorityClass', WITHOUT.admission, 'priorityClassName'),
    ...need(pod, 'RuntimeClass', WITHOUT.admission, 'runtimeClassName'),
  ];
  const containers = ['initContainers', 'containers'].flatMap((key) => itemsOf(pod, key));
  return [...own, ...containers.flatMap(ofContainer), ...itemsOf(pod, 'volumes').flatMap(ofVolume)];
}

function ofContainer(container: Tree): readonly Need[] {
  const whole = itemsOf(container, 'envFrom').flatMap((it) => [
    ...need(child(it, 'configMapRef'), 'ConfigMap', WITHOUT.environment),
    ...need(child(it, 'secretRef'), 'Secret', WITHOUT.environment),
  ]);
  const single = itemsOf(container, 'env').flatMap((it) => [
    ...need(child(child(it, 'valueFrom'), 'configMapKeyRef'), 'ConfigMap', WITHOUT.environment),
    ...need(child(child(it, 'valueFrom'), 'secretKeyRef'), 'Secret', WITHOUT.environment),
  ]);
  return [...whole, ...single];
}

function ofVolume(volume: Tree): readonly Need[] {
  const claim = child(volume, 'persistentVolumeClaim');
  const sources = itemsOf(child(volume, 'projected'), 'sources');
  return [
    ...need(child(volume, 'configMap'), 'ConfigMap', WITHOUT.volume),
    ...need(child(volume, 'secret'), 'Secret', WITHOUT.volume, 'secretName'),
    ...sources.flatMap((it) => [
      ...need(child(it, 'configMap'), 'ConfigMap', WITHOUT.volume),
      ...need(child(it, 'secret'), 'Secret', WITHOUT.volume),
    ]),
    ...need(claim, 'PersistentVolumeClaim', WITHOUT.claim, 'claimName'),
  ];
}

/** What a reference needs: nothing where it may be missing, or where every cluster has it. */
function need(
  reference: Tree | undefined,
  kind: string,
  without: string,
  nameKey = 'name',
): readonly Need[] {
  const name = child(reference, nameKey);
  const text = textOf(name);
  if (name === undefined || text === undefined || text === '') return [];
  if (child(reference, 'optional')?.value === true || BROUGHT[kind]?.includes(text)) return [];
  const keys = [
    child(reference, 'key'),
    ...itemsOf(reference, 'items').map((it) => child(it, 'key')),
  ];
  return [{ kind, name, without, keys: keys.filter((key) => key !== undefined) }];
}

function itemsOf(tree: Tree | undefined, key: string): readonly Tree[] {
  return child(tree, key)?.items ?? [];
}
