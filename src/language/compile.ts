// A scenario → one plan for each row of its matrix, or diagnostics. The steps in order: inherit,
// judge the shape, combine the matrix, then for each row read cluster, manifests, timeline and
// expectations, and check every name against what there is.

import type { ClusterSpec } from '../values/cluster-spec';
import type { Diagnostic } from '../values/diagnostic';
import { deepFreeze } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import { checkBehaviours, withFullTargets } from './check-behaviours';
import { checkKinds } from './check-kinds';
import { checkManifests } from './check-manifests';
import { checkNeeds } from './check-needs';
import { checkPicks } from './check-pick';
import { checkSettings } from './check-settings';
import { checkUpgrades } from './check-upgrades';
import { checkVersions } from './check-versions';
import { checkForm } from './check-references';
import type { ReferenceContext } from './check-references';
import { DEFAULTS, readCluster } from './cluster-defaults';
import { definitionOf } from './definitions';
import { didYouMean } from './did-you-mean';
import { readExpectation } from './expectations';
import type { ReadExpectation } from './expectations';
import { inherit } from './extends';
import type { Inherited } from './extends';
import { valueWith, visitForms } from './forms';
import { Inventory } from './inventory';
import type { Lexicon, Machinery } from './lexicon';
import { impliedNamespaces, lastOfEach } from './manifests';
import type { ManifestReader, PlacedObject } from './manifests';
import { reportIdlePolicies } from './idle-policies';
import { reportIdleSettings } from './idle-settings';
import { inRow, isCell, matches, rowsOf, standingAt, valuesInRows } from './matrix';
import type { Row, Standing } from './matrix';
import type { Plan, PlannedExpectation, PlannedStep } from './plan';
import { checkInstants, isUntouchedAt } from './check-instants';
import { readInstant } from './read-time';
import { Report } from './report';
import { checkServiceAddresses } from './service-addresses';
import { rangeOf } from './source-text';
import type { Place } from './source-text';
import type { Sources } from './sources';
import { readTimeline } from './timeline';
import type { Timeline, TimelineStep } from './timeline';
import { at, child, placeNear, pointer, textOf } from './tree';
import type { Tree } from './tree';
import { validate } from './validate';
import type { SchemaValidator } from './validate';

export interface CompileContext {
  readonly lexicon: Lexicon;
  readonly sources: Sources;
  readonly manifests: ManifestReader;
  readonly validator?: SchemaValidator;
}

export interface Compiled {
  /** Empty where anything is wrong, and for an abstract scenario. */
  readonly plans: readonly Plan[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles one scenario document. */
export function compileScenario(document: Tree, context: CompileContext): Compiled {
  const report = new Report();
  const drafts = draft(document, context, report);
  const { diagnostics } = report;
  if (report.hasErrors) return { plans: [], diagnostics };
  const plans = drafts.map((plan) => deepFreeze<Plan>({ ...plan, notes: diagnostics }));
  return { plans, diagnostics };
}

function draft(document: Tree, context: CompileContext, report: Report): readonly Plan[] {
  const inherited = inherit(document, context.sources, report);
  if (inherited === undefined) return [];
  const { tree } = inherited;
  const { validator, lexicon } = context;
  if (!validate(tree, report, validator, lexicon)) return [];
  const rows = rowsOf(tree, report);
  const trees = rows.map((row) => inRow(tree, row));
  // Without a matrix the one row is the scenario itself, which has passed already.
  const sound = trees.filter(
    (one, index) => rows[index]!.values.size === 0 || validate(one, report, validator, lexicon),
  );
  if (sound.length < trees.length || child(tree, 'abstract')?.value === true) return [];
  if ((child(tree, 'expect')?.items ?? []).length === 0) {
    report.error(
      'KD1307',
      titlePlace(tree),
      'this scenario expects nothing',
      'give it an `expect`',
    );
  }
  checkConditions(tree, rows, trees, context, report);
  const plans = rows.map((row, index) =>
    new RowCompiler(trees[index]!, row, inherited, context, report).plan(),
  );
  reportIdlePolicies(plans, titlePlace(tree), context.lexicon, report);
  const settings = plans.map(({ cluster }, index) => ({ scenario: trees[index]!, cluster }));
  reportIdleSettings(settings, context.lexicon, report);
  reportUnusedIds(tree, document, report);
  return plans;
}

/** The manifests that a step or a claim points to, by where it does so. */
type Loaded = ReadonlyMap<Tree, readonly PlacedObject[]>;

/** Errors after which the manifests that could be read are not all that there are. */
const LACKING = [
  ...(['KD1001', 'KD1002', 'KD1003', 'KD1004', 'KD1005', 'KD1006', 'KD1007', 'KD1008'] as const),
  ...(['KD1201', 'KD1202', 'KD1203'] as const),
];

/** Compiles one row. */
class RowCompiler {
  private readonly tree: Tree;
  private readonly row: Row;
  private readonly inherited: Inherited;
  private readonly context: CompileContext;
  private readonly report: Report;

  constructor(tree: Tree, row: Row, inherited: Inherited, context: CompileContext, report: Report) {
    this.tree = tree;
    this.row = row;
    this.inherited = inherited;
    this.context = context;
    this.report = report;
  }

  plan(): Plan {
    const { tree, report } = this;
    const { lexicon } = this.context;
    const cluster = readCluster(tree, lexicon, titlePlace(tree), report);
    checkSettings(tree, cluster, lexicon, report);
    checkVersions(tree, { ...cluster, manifests: [] }, lexicon, report);
    const placed = this.readManifests();
    const objects = objectsOf(placed);
    checkServiceAddresses(placed, cluster, report);
    const timeline = this.readSteps();
    const applied = new Map(timeline.steps.map((step) => [step, this.placedIn(step)]));
    const later = [...applied.values()].flatMap((loaded) => [...loaded.values()].flat());
    const expectations = this.readExpectations(timeline);
    const inventory = new Inventory(cluster, [...objects, ...objectsOf(later)]);
    checkManifests([...placed, ...later], inventory, report);
    checkNeeds([...placed, ...later], inventory, report);
    this.checkNames(inventory, timeline, expectations);
    this.checkFit(cluster, timeline, expectations);
    const end = child(tree, 'end');
    const last = end === undefined ? undefined : readInstant(end, report);
    checkInstants(timeline, expectations, last, report);
    checkUpgrades(timeline, { ...cluster, manifests: objects }, lexicon, report);
    const implied = impliedNamespaces(placed, report);
    const definitions = [...new Set([...placed, ...later].map(definitionOf))];
    const behaviours = withFullTargets(cluster.behaviours, inventory, lexicon.kinds);
    return this.assemble(
      { ...cluster, behaviours, manifests: [...implied, ...objects], definitions },
      timeline.steps.map((step) => withObjects(step, applied.get(step)!)),
      expectations.map((one) => this.withLoaded(one)),
      last,
    );
  }

  private assemble(
    cluster: ClusterSpec,
    timeline: readonly PlannedStep[],
    expectations: readonly PlannedExpectation[],
    end: Plan['end'],
  ): Plan {
    const { tree, row } = this;
    const place = titlePlace(tree);
    const seed = child(tree, 'seed')?.value;
    return {
      title: String(child(tree, 'scenario')?.value),
      about: (textOf(child(tree, 'about')) ?? '').trim(),
      tags: (child(tree, 'tags')?.value ?? []) as readonly string[],
      file: place.source.path,
      range: rangeOf(place),
      row: row.texts,
      cluster,
      timeline,
      expectations,
      ...(end !== undefined && { end }),
      ...(typeof seed === 'number' && { seed }),
      notes: [],
    };
  }

  /** Manifests of bases come first, and files before documents: the last definition wins. */
  private readManifests(): readonly PlacedObject[] {
    const { manifests, sources } = this.context;
    const listed = manifests.fromPaths(child(this.tree, 'manifests'), this.report);
    const own = this.inherited.files.flatMap(({ path }) => {
      const loaded = sources.load(path);
      if (loaded.is !== 'source') return [];
      const { documents, lacksManifests } = loaded.source;
      if (lacksManifests) this.report.include(loaded.diagnostics);
      return manifests.fromDocuments(documents, this.report);
    });
    return lastOfEach([...listed, ...own], this.report);
  }

  private readSteps(): Timeline {
    const items = child(this.tree, 'timeline')?.items ?? [];
    const here = new Set(items.filter((item) => this.isIncluded(item)));
    return readTimeline(items, here, this.context.lexicon, this.report);
  }

  private readExpectations({ steps, ids }: Timeline): readonly ReadExpectation[] {
    const known = new Map(steps.map((one) => [one.step.id, one]));
    const context = { lexicon: this.context.lexicon, steps: known, ids, report: this.report };
    return (child(this.tree, 'expect')?.items ?? [])
      .map((item, index) =>
        this.isIncluded(item) ? readExpectation(item, index, context) : undefined,
      )
      .filter((one) => one !== undefined);
  }

  private isIncluded(item: Tree): boolean {
    const only = child(item, 'only');
    const except = child(item, 'except');
    const standing = standingIn(this.tree, this.context.lexicon);
    if (only !== undefined && !matches(only, standing)) return false;
    return except === undefined || !matches(except, standing);
  }

  /** Objects that a step refers to by files: loaded now, so that a run reads nothing. */
  private placedIn(step: TimelineStep): Loaded {
    return this.loadedIn(step.word.schema, step.args);
  }

  private withLoaded({ planned, word, args }: ReadExpectation): PlannedExpectation {
    return { ...planned, args: valueWith(args, plain(this.loadedIn(word.schema, args))) };
  }

  private loadedIn(schema: TimelineStep['word']['schema'], args: Tree): Loaded {
    const loaded = new Map<Tree, readonly PlacedObject[]>();
    visitForms(schema, args, (form, tree) => {
      if (form !== 'manifests') return;
      const placed = this.context.manifests.fromPaths(tree, this.report);
      loaded.set(tree, lastOfEach(placed, this.report));
    });
    return loaded;
  }

  private checkNames(
    inventory: Inventory,
    timeline: Timeline,
    expectations: readonly ReadExpectation[],
  ): void {
    const { report } = this;
    const { kinds, components } = this.context.lexicon;
    const base = { inventory, kinds, components, report, untouched: false };
    const triggers = timeline.steps.flatMap(({ trigger }) => trigger ?? []);
    for (const one of [...timeline.steps, ...expectations, ...triggers]) this.checkValue(one);
    // Where manifests are missing, so are the names that they define: that is no second error.
    if (report.hasError(...LACKING)) return;
    const done = timeline.steps.map(({ args }) => args);
    checkBehaviours(child(this.tree, 'behaviour'), done, base);
    for (const one of timeline.steps) {
      const untouched = isUntouchedAt(timeline, one.step);
      this.checkWord(one, { ...base, untouched });
    }
    for (const one of triggers) this.checkWord(one, base);
    for (const one of expectations) {
      const untouched = isUntouchedAt(timeline, one.planned);
      this.checkWord(one, { ...base, untouched });
    }
  }

  private checkWord(
    { word, args }: Pick<TimelineStep, 'word' | 'args'>,
    context: ReferenceContext,
  ): void {
    const told = checkKinds(word, args, context);
    visitForms(word.schema, args, (form, tree) => {
      if (!told.has(tree)) checkForm(form, tree, context);
    });
    checkPicks(args, context);
  }

  /** What words ask of the machines and what runs on them. */
  private checkFit(
    cluster: Machinery,
    { steps }: Timeline,
    expectations: readonly ReadExpectation[],
  ): void {
    for (const { word, args } of [...steps, ...expectations]) {
      for (const { path, message, hint } of word.checkIn?.(args.value, cluster) ?? []) {
        this.report.error('KD1607', placeNear(args, pointer(path)), message, hint);
      }
    }
  }

  private checkValue({ word, args }: Pick<TimelineStep, 'word' | 'args'>): void {
    const { report } = this;
    for (const { path, severity, message, hint, isIdle } of word.check?.(args.value) ?? []) {
      const tree = at(args, pointer(path)) ?? args;
      // The row without the fault is what the other rows of a matrix are compared with.
      if (isIdle === true && isCell(this.row, tree)) continue;
      const { place } = tree;
      if (severity === 'error') report.error('KD1105', place, message, hint);
      else report.warn('KD1407', place, message, hint);
    }
  }
}

function objectsOf(placed: readonly PlacedObject[]): readonly KubeObject[] {
  return placed.map(({ object }) => object);
}

function plain(loaded: Loaded): ReadonlyMap<Tree, readonly KubeObject[]> {
  return new Map([...loaded].map(([tree, placed]) => [tree, objectsOf(placed)]));
}

function withObjects({ step, args }: TimelineStep, loaded: Loaded): PlannedStep {
  return { ...step, args: valueWith(args, plain(loaded)) };
}

/** What `only` and `except` compare with: what is written, or else the default. */
function standingIn(tree: Tree, lexicon: Lexicon): (path: string) => Standing | undefined {
  const defaults: Readonly<Record<string, string | undefined>> = {
    ...DEFAULTS,
    'cluster.kubernetes': lexicon.kubernetesVersions.at(-1),
  };
  return (path) => {
    const text = defaults[path];
    return standingAt(tree, path) ?? (text === undefined ? undefined : { text, value: text });
  };
}

/** An `only` that no row meets, or an `except` that every row meets, hides its step for ever. */
function checkConditions(
  tree: Tree,
  rows: readonly Row[],
  trees: readonly Tree[],
  { lexicon }: CompileContext,
  report: Report,
): void {
  const known = [...Object.keys(DEFAULTS), 'cluster.kubernetes'];
  const paths = [...new Set([...rows.flatMap((row) => Object.keys(row.texts)), ...known])];
  const items = ['timeline', 'expect'].flatMap((key) => child(tree, key)?.items ?? []);
  for (const item of items) {
    for (const word of ['only', 'except'] as const) {
      const entry = item.entries?.get(word);
      if (entry === undefined) continue;
      const met = trees.filter((row) => matches(entry.tree, standingIn(row, lexicon)));
      if (word === 'only' ? met.length > 0 : met.length < trees.length) continue;
      const asked = [...entry.tree.entries!.keys()];
      const unknown = asked.find((path) => !paths.includes(path));
      const near = unknown === undefined ? undefined : didYouMean(unknown, paths);
      const hint = near ?? valuesInRows(asked, trees, (row) => standingIn(row, lexicon));
      const which = word === 'only' ? 'no row meets this `only`' : 'every row meets this `except`';
      report.error('KD1305', entry.key, `${which}: this never happens`, hint);
    }
  }
}

/** Ids of this file's own steps that nobody waits for. A base's ids are there for its heirs. */
function reportUnusedIds(tree: Tree, document: Tree, report: Report): void {
  // A misspelt `after` says it already, and so does a scenario that expects nothing yet.
  if (report.hasError('KD1502', 'KD1307')) return;
  const used = new Set<string>();
  for (const key of ['timeline', 'expect']) {
    for (const item of child(tree, key)?.items ?? []) {
      const after = textOf(child(item, 'after'));
      if (after !== undefined) used.add(after.replace(/[#.].*$/, ''));
    }
  }
  if (child(document, 'extends') !== undefined) return;
  for (const item of child(document, 'timeline')?.items ?? []) {
    const id = child(item, 'id');
    if (id === undefined || used.has(String(id.value))) continue;
    report.error(
      'KD1503',
      id.place,
      `nothing waits for the step "${String(id.value)}"`,
      'remove the id, or let an expectation say `after:` it',
    );
  }
}

/** Where the scenario's title stands. */
function titlePlace(tree: Tree): Place {
  const entry = tree.entries?.get('scenario');
  return entry === undefined ? tree.place : { ...entry.key, end: entry.tree.place.end };
}
