// Objects of Chaos Mesh become steps of a timeline.
// source: chaos-mesh api/v1alpha1 (the kinds); docs/import.md says what stands for what

import { asText, child, textOf, treeRange } from '../../language/tree';
import type { Tree } from '../../language/tree';
import type { Duration } from '../../values/time';
import { Fields } from '../fields';
import { parseGoDuration } from '../go-duration';
import type { Remark } from '../remark';
import type { ImportedFault, ImportedObject, Occasion } from '../timeline';
import { readDnsChaos } from './dns-chaos';
import type { Externals } from './external-target';
import { readNetworkChaos } from './network-chaos';
import { isOnce, readPodChaos } from './pod-chaos';
import { readOccasions } from './schedule';
import type { Span } from './schedule';
import { readTimeChaos } from './time-chaos';

/** Why kinds have no counterpart. */
const WITHOUT: Readonly<Record<string, string>> = {
  StressChaos: 'processes need no time and no memory; `slow` makes answers late',
  IOChaos: 'there are no disks',
  BlockChaos: 'there are no disks',
  KernelChaos: 'system calls are not modelled',
  JVMChaos: 'what runs inside of a process is not modelled',
  HTTPChaos: 'requests are not altered one by one; `fail` with `http` answers with a status',
  PhysicalMachineChaos: 'name the node in a step of its own',
  AWSChaos: 'name the node in a step of its own: `kill` with `how: power`',
  AzureChaos: 'name the node in a step of its own: `kill` with `how: power`',
  GCPChaos: 'name the node in a step of its own: `kill` with `how: power`',
  Workflow: 'a timeline has no branches: import what its templates hold',
  StatusCheck: 'write an expectation',
};

/** The kinds with the key under which a Schedule holds each. */
const EMBEDDED: Readonly<Record<string, string>> = {
  PodChaos: 'podChaos',
  NetworkChaos: 'networkChaos',
  DNSChaos: 'dnsChaos',
  TimeChaos: 'timeChaos',
};

const GROUP = /^chaos-mesh\.org\//;
/** source: api/v1alpha1/common_types.go PauseAnnotationKey */
const PAUSED = 'experiment.chaos-mesh.org/pause';

/**
 * One document as steps. Of anything that is no object of Chaos Mesh a remark says so. All objects
 * begin at the start of the span: an object has no time of its own.
 */
export function importObject(tree: Tree, span: Span): ImportedObject {
  const remarks: Remark[] = [];
  const externals: Externals = new Map();
  const metadata = child(tree, 'metadata');
  const kind = asText(child(tree, 'kind')?.value ?? '');
  const namespace = textOf(child(metadata, 'namespace')) ?? 'default';
  const { file, line } = treeRange(tree);
  const name = asText(child(metadata, 'name')?.value ?? '');
  const steps = readObject(tree, { kind, namespace, span, remarks, externals });
  if (steps.length === 0 && !remarks.some(({ loss }) => loss === 'skipped')) {
    remarks.push({ loss: 'skipped', message: 'it chooses nothing', range: treeRange(tree) });
  }
  return {
    title: `${kind} ${namespace}/${name}, ${file}:${line}`,
    steps,
    remarks: remarks.sort((a, b) => a.range.line - b.range.line || a.range.column - b.range.column),
    externals: steps.length === 0 ? {} : Object.fromEntries(externals),
  };
}

interface Reading {
  readonly kind: string;
  readonly namespace: string;
  readonly span: Span;
  readonly remarks: Remark[];
  readonly externals: Externals;
}

function readObject(tree: Tree, reading: Reading): ImportedObject['steps'] {
  const { kind, span, remarks } = reading;
  const whole = new Fields(tree, tree, '', remarks);
  const spec = whole.part('spec');
  if (!GROUP.test(asText(child(tree, 'apiVersion')?.value ?? ''))) {
    whole.remark('skipped', `${kind} is no object of Chaos Mesh: it belongs to the manifests`);
    return [];
  }
  if (whole.part('metadata').labels('annotations')[PAUSED] === 'true') {
    whole.remark('skipped', 'it is paused by its annotation', 'metadata');
    return [];
  }
  if (kind !== 'Schedule') return readFaults(spec, kind, reading, () => [{ at: span.start }]);
  const type = spec.text('type') ?? '';
  const key = EMBEDDED[type];
  if (key === undefined) {
    spec.remark('skipped', `${type}: ${WITHOUT[type] ?? 'there is no such kind'}`, 'type');
    return [];
  }
  const steps = readFaults(spec.part(key), type, reading, (lasts, once) =>
    readOccasions(spec, { lasts, isOnce: once }, span),
  );
  if (steps.length > 0) spec.remarkRest('skipped');
  return steps;
}

type Occasions = (lasts: Duration | undefined, once: boolean) => readonly Occasion[] | undefined;

/** The steps of one experiment, at each of its occasions. */
function readFaults(
  spec: Fields,
  kind: string,
  reading: Reading,
  occasionsOf: Occasions,
): ImportedObject['steps'] {
  if (EMBEDDED[kind] === undefined) {
    spec.remark('skipped', `${kind}: ${WITHOUT[kind] ?? 'there is no such kind'}`);
    return [];
  }
  if (spec.has('scheduler')) {
    spec.remark('skipped', 'Chaos Mesh 2 knows no scheduler here: write a Schedule', 'scheduler');
    return [];
  }
  if (spec.has('remoteCluster')) {
    spec.remark('skipped', 'there is one cluster', 'remoteCluster');
    return [];
  }
  const once = kind === 'PodChaos' && isOnce(spec);
  const lasts = readDuration(spec, once);
  if (lasts === 'wrong') return [];
  const faults = faultsOf(spec, kind, reading);
  const occasions = faults.length === 0 ? [] : (occasionsOf(lasts, once) ?? []);
  if (occasions.length > 0) spec.remarkRest('skipped');
  return occasions.flatMap((occasion) =>
    faults.map((fault) => ({ ...occasion, ...fault, ...(lasts !== undefined && { lasts }) })),
  );
}

function faultsOf(spec: Fields, kind: string, reading: Reading): readonly ImportedFault[] {
  const { namespace, externals } = reading;
  if (kind === 'PodChaos') return readPodChaos(spec, namespace);
  if (kind === 'NetworkChaos') return readNetworkChaos(spec, namespace, externals);
  return kind === 'DNSChaos' ? readDnsChaos(spec) : readTimeChaos(spec);
}

function readDuration(spec: Fields, once: boolean): Duration | undefined | 'wrong' {
  const text = spec.text('duration');
  if (text === undefined) return undefined;
  const found = parseGoDuration(text);
  if (found === undefined || found.value <= 0) {
    spec.remark('skipped', `"${text}" is no span of time`, 'duration');
    return 'wrong';
  }
  if (!once) return found.value;
  spec.remark('idle', 'what happens once does not last', 'duration');
  return undefined;
}
