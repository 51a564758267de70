// Objects by namespace and label, so that a selector looks at those alone that it matches. What it
// is told it reads when it is asked: many an index is told of every pod and never asked for one.

import type { PodRun } from '../apiserver/pod-run';
import { matchesLabels } from '../values/labels';
import type { Labels } from '../values/labels';
import type { ObjectKey } from '../values/kube-object';
import { Roll } from '../values/roll';

/** Objects that share their labels, as the pods of a template do, each with its turn. */
class Group {
  readonly labels: Labels;
  /** The runs in which all of them came; undefined once one came or went by itself. */
  runs: readonly PodRun[] | undefined = NO_RUNS;
  /** The turn of the first of each of those. */
  private firsts: readonly number[] = NO_TURNS;
  /** By their keys, from the first question for one of them on. */
  private known: Roll<number> | undefined;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  addRun(run: PodRun, first: number): void {
    if (this.known !== undefined) addTurns(this.known, run, first);
    if (this.runs === undefined) return;
    this.runs = this.runs.concat(run);
    this.firsts = this.firsts.concat(first);
  }

  get turns(): Roll<number> {
    const { runs, firsts } = this;
    if (this.known === undefined) {
      this.known = new Roll();
      for (let at = 0; at < firsts.length; at++) addTurns(this.known, runs![at]!, firsts[at]!);
    }
    return this.known;
  }

  /** The same for who changes them: from now on they are not what the runs say. */
  apart(): Roll<number> {
    const { turns } = this;
    this.runs = undefined;
    this.firsts = NO_TURNS;
    return turns;
  }
}

const NO_RUNS: readonly PodRun[] = Object.freeze([]);
const NO_TURNS: readonly number[] = Object.freeze([]);

function addTurns(turns: Roll<number>, run: PodRun, first: number): void {
  for (let index = 0; index < run.count; index++) turns.add(run.keyAt(index), first + index);
}

/** Those with one value of a label: most values only one has. */
type Groups = Group | Set<Group>;

/** The objects of one namespace. Texts that objects hold are looked up as they are. */
interface Namespace {
  readonly groups: Map<Labels, Group>;
  /** By the name of a label, then by its value. */
  readonly byLabel: Map<string, Map<string, Groups>>;
  /** The first turns of objects that have got other labels since. */
  readonly came: Map<ObjectKey, number>;
}

/** Namespace, key or keys, labels before and after of each change, one behind the other. */
type Told = (string | PodRun | Labels | undefined)[];
const FIELDS = 4;

/** The answer where there is certainly nothing. */
export const NO_KEYS: ReadonlySet<ObjectKey> = new Set();

export class LabelIndex {
  private readonly namespaces = new Map<string, Namespace>();
  /** What has not been read yet: a flat list, so that a fork copies no object for a change. */
  private readonly told: Told = [];
  /** Grows with each object that gets labels. */
  private turn = 0;

  /** Tells of a change; undefined labels mean that the object is not there. */
  update(
    namespace: string,
    key: ObjectKey,
    before: Labels | undefined,
    after: Labels | undefined,
  ): void {
    if (before !== after) this.told.push(namespace, key, before, after);
  }

  /** Tells of pods that have come, with the same labels. */
  addRun(namespace: string, run: PodRun, labels: Labels): void {
    this.told.push(namespace, run, undefined, labels);
  }

  /** Keys of the objects that have all of `wanted`; with an empty one, all of the namespace. */
  matching(namespace: string, wanted: Labels): Iterable<ObjectKey> {
    const place = this.placeToSearch(namespace);
    if (place === undefined) return NO_KEYS;
    const found = groupsMatching(place, wanted);
    if (found === undefined) return inOrder(place.groups.values(), place.came);
    return found.length === 1 ? found[0]!.turns.list() : inOrder(found);
  }

  /** The same, where all of them came in runs, share their labels and have kept them. */
  runsMatching(namespace: string, wanted: Labels): readonly PodRun[] | undefined {
    const place = this.placeToSearch(namespace);
    const found = place && groupsMatching(place, wanted);
    return found?.length === 1 ? found[0]!.runs : undefined;
  }

  clear(): void {
    this.namespaces.clear();
    this.told.length = 0;
  }

  private placeToSearch(namespace: string): Namespace | undefined {
    if (this.told.length > 0) this.read();
    return this.namespaces.get(namespace);
  }

  private read(): void {
    const { told } = this;
    for (let at = 0; at < told.length; at += FIELDS) {
      const place = this.placeOf(told[at] as string);
      const who = told[at + 1] as ObjectKey | PodRun;
      const before = told[at + 2] as Labels | undefined;
      const after = told[at + 3] as Labels | undefined;
      if (typeof who === 'string') this.move(place, who, before, after);
      else this.enter(place, who, after!);
    }
    told.length = 0;
  }

  private enter(place: Namespace, run: PodRun, labels: Labels): void {
    groupFor(place, labels).addRun(run, this.turn);
    this.turn += run.count;
  }

  private move(
    place: Namespace,
    key: ObjectKey,
    before: Labels | undefined,
    after: Labels | undefined,
  ): void {
    const first = before === undefined ? undefined : takeOut(place, key, before);
    if (after === undefined) {
      place.came.delete(key);
      return;
    }
    if (first !== undefined && !place.came.has(key)) place.came.set(key, first);
    groupFor(place, after).apart().set(key, this.turn++);
  }

  private placeOf(namespace: string): Namespace {
    let place = this.namespaces.get(namespace);
    if (place === undefined) {
      place = { groups: new Map(), byLabel: new Map(), came: new Map() };
      this.namespaces.set(namespace, place);
    }
    return place;
  }
}

/** Takes an object out of its group; returns its turn there. */
function takeOut(place: Namespace, key: ObjectKey, labels: Labels): number | undefined {
  const known = place.groups.get(labels);
  const group = known?.turns.has(key) === true ? known : groupWith(place, key);
  const turn = group?.turns.get(key);
  if (group === undefined) return undefined;
  const turns = group.apart();
  turns.delete(key);
  if (turns.size === 0) drop(place, group);
  return turn;
}

/** For who tells of labels that say the same without being the same. */
function groupWith({ groups }: Namespace, key: ObjectKey): Group | undefined {
  for (const group of groups.values()) if (group.turns.has(key)) return group;
  return undefined;
}

const NO_GROUPS: readonly Group[] = [];

/** The groups that a selector matches; undefined for all of them. */
function groupsMatching({ byLabel }: Namespace, wanted: Labels): readonly Group[] | undefined {
  let fewest: Groups | undefined;
  for (const name of Object.keys(wanted)) {
    const groups = byLabel.get(name)?.get(wanted[name]!);
    if (groups === undefined) return NO_GROUPS;
    if (fewest === undefined || sizeOf(groups) < sizeOf(fewest)) fewest = groups;
  }
  if (fewest === undefined) return undefined;
  if (fewest instanceof Group) return matchesLabels(fewest.labels, wanted) ? [fewest] : NO_GROUPS;
  return [...fewest].filter(({ labels }) => matchesLabels(labels, wanted));
}

function sizeOf(groups: Groups): number {
  return groups instanceof Group ? 1 : groups.size;
}

function groupFor({ groups, byLabel }: Namespace, labels: Labels): Group {
  let group = groups.get(labels);
  if (group !== undefined) return group;
  groups.set(labels, (group = new Group(labels)));
  for (const name of Object.keys(labels)) {
    let byValue = byLabel.get(name);
    if (byValue === undefined) byLabel.set(name, (byValue = new Map()));
    const value = labels[name]!;
    const others = byValue.get(value);
    if (others === undefined) byValue.set(value, group);
    else if (others instanceof Group) byValue.set(value, new Set([others, group]));
    else others.add(group);
  }
  return group;
}

function drop({ groups, byLabel }: Namespace, group: Group): void {
  const { labels } = group;
  groups.delete(labels);
  for (const name of Object.keys(labels)) {
    const byValue = byLabel.get(name)!;
    const others = byValue.get(labels[name]!);
    if (others instanceof Set) others.delete(group);
    if (others === group || (others instanceof Set && others.size === 0)) {
      byValue.delete(labels[name]!);
    }
  }
}

/** The keys of several groups in the order of their turns, or of those that they had first. */
function inOrder(
  groups: Iterable<Group>,
  came?: ReadonlyMap<ObjectKey, number>,
): Iterable<ObjectKey> {
  const all: { readonly key: ObjectKey; readonly turn: number }[] = [];
  for (const { turns } of groups) {
    turns.forEach((turn, key) => all.push({ key, turn: came?.get(key) ?? turn }));
  }
  return all.length === 0 ? NO_KEYS : all.sort((a, b) => a.turn - b.turn).map(({ key }) => key);
}
