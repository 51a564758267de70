// Whether what a scenario names is there, and is one thing. A slip of the pen in a name would
// otherwise make an expectation that can never fail.

import type { Labels } from '../values/labels';
import { didYouMean } from './did-you-mean';
import type { Inventory } from './inventory';
import type { Form } from './json-schema';
import type { KindWords } from './lexicon';
import { parseObjectPattern } from './object-pattern';
import { parseDestination, parseReference, REFERENCE_KINDS, WORKLOAD_KINDS } from './reference';
import type { Reference } from './reference';
import type { Report } from './report';
import { meantBy } from './reference-hints';
import type { Place } from './source-text';
import { child } from './tree';
import type { Tree } from './tree';

export interface ReferenceContext {
  readonly inventory: Inventory;
  readonly kinds: KindWords;
  /** What a component may be called. */
  readonly components: readonly string[];
  readonly report: Report;
  /**
   * Whether nothing has happened yet where the reference is used: then a workload has had just
   * its replicas, and a higher ordinal can name no pod.
   */
  readonly untouched: boolean;
}

/** Checks the value of a shared form. Forms that name no objects are left alone. */
export function checkForm(form: Form, tree: Tree, context: ReferenceContext): void {
  const { value } = tree;
  switch (form) {
    case 'origin':
    case 'podTarget':
    case 'nodeTarget':
    case 'target':
      if (tree.entries !== undefined) checkSelector(tree, context);
      else if (form === 'nodeTarget') checkNode(String(value), tree.place, context);
      else checkReference(tree, form, context);
      return;
    case 'podReference':
    case 'objectReference':
      return checkReference(tree, form, context);
    case 'component':
      return checkComponent(tree, context);
    case 'objectPattern':
      return checkPattern(tree, context);
    case 'nodeReference':
      // Where something else may stand in its place, that is no name.
      if (typeof value === 'string') checkNode(value, tree.place, context);
      return;
    case 'serviceReference':
      return checkService(String(value), tree.place, context);
    case 'podSelector':
      return checkPods(tree, context);
    case 'nodeSelector':
      return checkNodes(tree, context);
    case 'destination':
      return checkDestination(tree, context);
    default:
  }
}

/** Objects that match a pattern may be yet to come; what it is made of must be there. */
function checkPattern(tree: Tree, context: ReferenceContext): void {
  const { inventory, kinds, report } = context;
  const reading = parseObjectPattern(String(tree.value), kinds.names);
  if (reading === undefined) return checkReference(tree, 'objectReference', context);
  if (!reading.ok) return report.error('KD1105', tree.place, reading.message, reading.hint);
  const [namespace = '', name] = reading.value.key.split('/');
  if (name === undefined || /[*?]/.test(namespace) || inventory.namespaces.has(namespace)) return;
  const hint = didYouMean(namespace, [...inventory.namespaces]);
  report.error('KD1601', tree.place, `there is no namespace "${namespace}"`, hint);
}

function checkReference(tree: Tree, form: Form, context: ReferenceContext): void {
  const { kinds, report } = context;
  const reading = parseReference(String(tree.value), kinds.names);
  if (!reading.ok) return report.error('KD1105', tree.place, reading.message, reading.hint);
  const reference = reading.value;
  const { kind } = reference;
  if (kind === 'Node') return checkNode(reference.name, tree.place, context);
  if (kind === 'External') return checkExternal(reference, tree.place, context);
  const ofPods = kind === undefined || kind === 'Pod' || WORKLOAD_KINDS.includes(kind);
  if (ofPods) return checkPodReference(reference, tree.place, context, 'KD1601');
  if (form === 'podReference' || form === 'podTarget') {
    const message = `"${reference.text}" is a ${kind}; pods are wanted here`;
    return report.error('KD1606', tree.place, message);
  }
  checkObject(kind, reference, tree.place, context);
}

/** Whether there are pods, or a workload of pods, that a reference names, and just one such. */
export function checkPodReference(
  reference: Reference,
  place: Place,
  context: ReferenceContext,
  code: 'KD1601' | 'KD1605',
): void {
  const { inventory, report } = context;
  const { kind, name, namespace = 'default', text } = reference;
  // `coredns` alone is short for the pods behind the kube-dns Service, whoever brings them.
  if (kind === undefined && reference.namespace === undefined && name === 'coredns') return;
  const key = `${namespace}/${name}`;
  const isPod = (kind === undefined || kind === 'Pod') && inventory.has('Pod', key);
  if (isPod && reference.ordinal === undefined)
    return checkContainer(reference, ['Pod', 'StatefulSet'], place, context);
  // `pod/shop/web#1` is the first pod of the workload of that name, whatever its kind.
  const any = kind === undefined || (kind === 'Pod' && reference.ordinal !== undefined);
  const workloads = inventory.workloadKinds(key).filter((it) => any || it === kind);
  if (workloads.length > 1) {
    const options = workloads.map((it) => `${it.toLowerCase()}/${namespace}/${name}`);
    report.error(
      'KD1602',
      place,
      `"${text}" may be the ${workloads.join(' or the ')} of that name`,
      `write ${options.join(' or ')}`,
    );
  } else if (workloads.length === 1) {
    checkOrdinal(reference, workloads[0]!, place, context);
    checkContainer(reference, workloads, place, context);
  } else reportMissing(reference, place, context, code);
}

function checkOrdinal(
  { ordinal, name, text, namespace = 'default' }: Reference,
  kind: string,
  place: Place,
  { inventory, report, untouched }: ReferenceContext,
): void {
  const replicas = inventory.shapeOf(kind, `${namespace}/${name}`)?.replicas;
  if (ordinal === undefined || replicas === undefined || ordinal <= replicas || !untouched) return;
  const pods = replicas === 1 ? '1 pod' : `${replicas} pods`;
  report.error(
    'KD1603',
    place,
    `"${text}" does not exist: ${kind} ${namespace}/${name} has ${pods}`,
  );
}

function checkContainer(
  { container, name, namespace = 'default' }: Reference,
  kinds: readonly string[],
  place: Place,
  { inventory, report }: ReferenceContext,
): void {
  if (container === undefined) return;
  const shape = inventory.pods.find(
    (pod) =>
      pod.namespace === namespace &&
      kinds.includes(pod.kind) &&
      (pod.name === name || name.startsWith(`${pod.name}-`)),
  );
  if (shape === undefined || shape.containers.includes(container)) return;
  const hint = didYouMean(container, shape.containers) ?? `it has ${shape.containers.join(', ')}`;
  report.error('KD1601', place, `${namespace}/${name} has no container "${container}"`, hint);
}

function checkObject(
  kind: string,
  reference: Reference,
  place: Place,
  context: ReferenceContext,
): void {
  const { inventory, kinds, report } = context;
  const { name, namespace = 'default', text } = reference;
  const unnamespaced = kind === 'Namespace' || !kinds.isNamespaced('', kind);
  if (inventory.has(kind, unnamespaced ? name : `${namespace}/${name}`)) return;
  // Objects that controllers make (EndpointSlices, ReplicaSets) have names that nobody can know.
  if (kind === 'EndpointSlice') return;
  const hint = meantBy(reference, inventory.allOf([kind]));
  report.error('KD1601', place, `there is no ${kind} "${text}"`, hint);
}

function checkService(text: string, place: Place, context: ReferenceContext): void {
  const reading = parseReference(
    text.includes('/') ? text : `default/${text}`,
    context.kinds.names,
  );
  if (!reading.ok) return context.report.error('KD1105', place, reading.message, reading.hint);
  const { kind } = reading.value;
  if (kind !== undefined && kind !== 'Service') {
    const message = `"${text}" is a ${kind}; a Service is wanted here`;
    return context.report.error('KD1606', place, message);
  }
  if (!checkNamespace(reading.value, place, context)) return;
  checkObject('Service', { ...reading.value, text }, place, context);
}

function checkNode(text: string, place: Place, { inventory, report }: ReferenceContext): void {
  const name = text.replace(/^nodes?\//, '');
  const names = inventory.nodes.map((node) => node.name);
  if (names.includes(name)) return;
  const hint = didYouMean(name, names) ?? `the nodes are ${names.slice(0, 8).join(', ')}`;
  report.error('KD1601', place, `there is no node "${name}"`, hint);
}

function checkExternal({ name }: Reference, place: Place, context: ReferenceContext): void {
  const { inventory, report } = context;
  if (inventory.externals.includes(name)) return;
  const hint = didYouMean(name, inventory.externals) ?? 'define it under cluster.externals';
  report.error('KD1601', place, `there is no machine "${name}" outside of the cluster`, hint);
}

function checkDestination(tree: Tree, context: ReferenceContext): void {
  const { kinds, report } = context;
  const reading = parseDestination(String(tree.value), kinds.names);
  if (!reading.ok) return report.error('KD1105', tree.place, reading.message, reading.hint);
  if (reading.value.is !== 'object') return;
  const { reference } = reading.value;
  if (reference.kind === 'Node') return checkNode(reference.name, tree.place, context);
  if (reference.kind === 'External') return checkExternal(reference, tree.place, context);
  if (reference.kind === 'Service') return checkObject('Service', reference, tree.place, context);
  checkPodReference(reference, tree.place, context, 'KD1601');
}

function checkSelector(tree: Tree, context: ReferenceContext): void {
  const pods = child(tree, 'pods');
  const nodes = child(tree, 'nodes');
  const service = child(tree, 'service');
  const node = child(tree, 'node');
  const zone = child(tree, 'zone');
  const component = child(tree, 'component');
  if (component !== undefined) checkComponent(component, context);
  if (pods !== undefined) checkPods(pods, context);
  if (nodes !== undefined) checkNodes(nodes, context);
  if (service !== undefined) checkService(String(service.value), service.place, context);
  if (node !== undefined) checkNode(String(node.value), node.place, context);
  if (zone !== undefined) checkZone(zone, context);
}

function checkComponent(tree: Tree, { components, report }: ReferenceContext): void {
  const name = String(tree.value);
  if (components.includes(name)) return;
  const processes = components.filter((it) => !it.includes('/'));
  const hint = didYouMean(name, components) ?? `the components are ${processes.join(', ')}`;
  report.error('KD1601', tree.place, `there is no component "${name}"`, hint);
}

function checkPods(tree: Tree, { inventory, report }: ReferenceContext): void {
  const namespace = child(tree, 'namespace');
  const labels = (child(tree, 'labels')?.value ?? {}) as Labels;
  const name = namespace === undefined ? undefined : String(namespace.value);
  if (name !== undefined && !inventory.namespaces.has(name)) {
    const hint = didYouMean(name, inventory.namespaces);
    report.error('KD1601', namespace!.place, `there is no namespace "${name}"`, hint);
  } else if (!inventory.anyPod(name, labels)) {
    report.error(
      'KD1604',
      tree.place,
      'this selector matches no pod of the manifests',
      nearestLabels(labels, inventory),
    );
  }
}

/** `app=cart` where somebody wrote `app=kart`. */
function nearestLabels(labels: Labels, { pods }: Inventory): string | undefined {
  for (const [key, value] of Object.entries(labels)) {
    const values = pods.flatMap((pod) => pod.labels[key] ?? []);
    if (values.includes(value)) continue;
    const keys = pods.flatMap((pod) => Object.keys(pod.labels));
    return values.length > 0 ? didYouMean(value, values) : didYouMean(key, keys);
  }
  return undefined;
}

function checkNodes(tree: Tree, context: ReferenceContext): void {
  const { inventory, report } = context;
  if (tree.value === 'all') return;
  const zone = child(tree, 'zone');
  const labels = (child(tree, 'labels')?.value ?? {}) as Labels;
  if (zone !== undefined && !checkZone(zone, context)) return;
  if (inventory.anyNode(labels, zone === undefined ? undefined : String(zone.value))) return;
  report.error('KD1604', tree.place, 'this selector matches no node');
}

function checkZone(zone: Tree, { inventory, report }: ReferenceContext): boolean {
  const zones = new Set(inventory.nodes.map((node) => node.zone).filter((name) => name !== ''));
  if (zones.has(String(zone.value))) return true;
  const hint =
    zones.size === 0 ? 'give the nodes a `zone`' : `the zones are ${[...zones].join(', ')}`;
  report.error('KD1604', zone.place, `no node is in the zone "${String(zone.value)}"`, hint);
  return false;
}

function checkNamespace(
  { namespace }: Reference,
  place: Place,
  context: ReferenceContext,
): boolean {
  const { inventory, report } = context;
  if (namespace === undefined || inventory.namespaces.has(namespace)) return true;
  // The kind may be what is misspelt: then it is read as a namespace.
  const hint = didYouMean(namespace, inventory.namespaces) ?? didYouMean(namespace, KINDS);
  report.error('KD1601', place, `there is no namespace "${namespace}"`, hint);
  return false;
}

/** The kinds as references write them. */
const KINDS = [...new Set(REFERENCE_KINDS.values())].map((kind) => kind.toLowerCase());

function reportMissing(
  reference: Reference,
  place: Place,
  context: ReferenceContext,
  code: 'KD1601' | 'KD1605',
): void {
  const { inventory, report } = context;
  const { kind, namespace = 'default', text } = reference;
  if (!checkNamespace(reference, place, context)) return;
  const machine = kind === undefined ? machineCalled(reference, inventory) : undefined;
  const all = inventory.allOf(['Pod', ...WORKLOAD_KINDS]);
  const known = kind === undefined ? all : all.filter((it) => it.kind === kind);
  const keys = known.map(({ key }) => key);
  const hint = meantBy(reference, known, all) ?? listed(keys, namespace);
  const what = kind === undefined ? 'neither a pod nor a workload' : `no ${kind}`;
  report.error(code, place, `there is ${what} "${text}"`, machine ?? hint);
}

/** Machines are named with their kind: a bare name is that of a pod or a workload. */
function machineCalled({ name, text }: Reference, inventory: Inventory): string | undefined {
  if (text !== name) return undefined;
  if (inventory.nodes.some((node) => node.name === name)) return `a node is written node/${name}`;
  return inventory.externals.includes(name) ? `write external/${name}` : undefined;
}

const MOST_LISTED = 6;

/** What there is instead, those of the namespace first. */
function listed(known: readonly string[], namespace: string): string | undefined {
  if (known.length === 0) return undefined;
  const isHere = (key: string): boolean => key.startsWith(`${namespace}/`);
  const names = [...known.filter(isHere), ...known.filter((key) => !isHere(key))];
  const more = names.length > MOST_LISTED ? ', …' : '';
  return `the manifests have ${names.slice(0, MOST_LISTED).join(', ')}${more}`;
}
