// Manifests of a scenario: those of its own file and those that `manifests:` points to, unchanged
// as kubectl, Helm or Kustomize emit them.

import { copyWith, deepFreeze, keyOf, nameOf } from '../values/kube-object';
import type { KubeObject } from '../values/kube-object';
import type { KindWords } from './lexicon';
import { Report } from './report';
import { reportTemplate } from './parse-document';
import { isPattern } from './glob';
import { reportNeither } from './source';
import type { SourceDocument } from './source';
import { rangeOf } from './source-text';
import type { Place } from './source-text';
import type { Sources } from './sources';
import { child, placeNear, pointer, textOf } from './tree';
import type { Tree } from './tree';

/** An object with the place that defines it. */
export interface PlacedObject {
  readonly object: KubeObject;
  readonly tree: Tree;
}

/** Namespaces that every cluster has. source: pkg/controlplane/controller/systemnamespaces */
export const SYSTEM_NAMESPACES: readonly string[] = [
  'default',
  'kube-node-lease',
  'kube-public',
  'kube-system',
];

interface Checked {
  readonly objects: readonly PlacedObject[];
  readonly report: Report;
}

/** Reads manifests. Each document is checked once, however many scenarios use it. */
export class ManifestReader {
  private readonly sources: Sources;
  private readonly kinds: KindWords;
  private readonly checked = new WeakMap<Tree, Checked>();

  constructor(sources: Sources, kinds: KindWords) {
    this.sources = sources;
    this.kinds = kinds;
  }

  /** Objects of the value of `manifests`: a path or a list of paths. */
  fromPaths(paths: Tree | undefined, report: Report): readonly PlacedObject[] {
    if (paths === undefined) return [];
    return (paths.items ?? [paths]).flatMap((path) => {
      // Whole objects may stand between the paths, in `do: {apply: [...]}`.
      if (path.entries !== undefined) return this.fromTree(path, report);
      return typeof path.value === 'string' ? this.fromPath(path, path.value, report) : [];
    });
  }

  /** Objects among the documents of a file that also holds scenarios. */
  fromDocuments(documents: readonly SourceDocument[], report: Report): readonly PlacedObject[] {
    return documents
      .filter(({ is }) => is === 'manifest')
      .flatMap(({ tree }) => this.fromTree(tree, report));
  }

  private fromPath(path: Tree, text: string, report: Report): readonly PlacedObject[] {
    const files = this.sources.expand(path.place.source.path, text);
    if (files.length === 0) {
      const what = isPattern(text) ? `no file matches "${text}"` : `there is no file "${text}"`;
      const hint = /^[a-z]+:\/\//.test(text)
        ? 'nothing is fetched: save it beside the scenario, and name the file'
        : 'paths are relative to the file that writes them';
      report.error('KD1203', path.place, what, hint);
    }
    return files.flatMap((file) => this.fromFile(file, report));
  }

  private fromFile(file: string, report: Report): readonly PlacedObject[] {
    const loaded = this.sources.load(file);
    if (loaded.is !== 'source') return [];
    report.include(loaded.diagnostics);
    const { documents } = loaded.source;
    for (const document of documents) {
      if (document.is === 'neither') this.refuse(document, report);
    }
    return this.fromDocuments(documents, report);
  }

  private refuse(document: SourceDocument, report: Report): void {
    const keys = document.tree.entries;
    if (keys?.has('apiVersion') === true || keys?.has('kind') === true)
      reportNeither(document, report);
    else {
      report.error(
        'KD1201',
        firstPlace(document.tree),
        'this document is no manifest: it has neither apiVersion nor kind',
        'files that are no manifests do not belong under `manifests`',
      );
    }
  }

  private fromTree(tree: Tree, report: Report): readonly PlacedObject[] {
    let checked = this.checked.get(tree);
    if (checked === undefined) {
      const own = new Report();
      checked = { objects: this.flatten(tree, own), report: own };
      this.checked.set(tree, checked);
    }
    report.include(checked.report.diagnostics);
    return checked.objects;
  }

  /** `kind: List` holds other manifests. source: kubectl's visitor of v1.List and …List kinds */
  private flatten(tree: Tree, report: Report): readonly PlacedObject[] {
    const kind = textOf(child(tree, 'kind')) ?? '';
    const items = child(tree, 'items')?.items;
    if (
      kind.endsWith('List') &&
      items !== undefined &&
      child(tree, 'metadata')?.entries?.has('name') !== true
    ) {
      return items.flatMap((item) => this.flatten(item, report));
    }
    const object = this.read(tree, report);
    return object === undefined ? [] : [{ object, tree }];
  }

  private read(tree: Tree, report: Report): KubeObject | undefined {
    const metadata = child(tree, 'metadata');
    const name = child(metadata, 'name');
    for (const part of ['apiVersion', 'kind'] as const) {
      if (textOf(child(tree, part)) !== undefined) continue;
      report.error('KD1201', firstPlace(tree), `this manifest has no ${part}`);
      return undefined;
    }
    if (name === undefined) {
      const place = tree.entries?.get('metadata')?.key ?? firstPlace(tree);
      const generated = child(metadata, 'generateName') !== undefined;
      report.error(
        'KD1201',
        place,
        'this manifest has no metadata.name',
        generated ? 'names are not generated here: write the name' : undefined,
      );
      return undefined;
    }
    const namespace = child(metadata, 'namespace');
    if (!isText(name, 'name', report)) return undefined;
    // `namespace:` with nothing behind it means what its absence means.
    if (namespace !== undefined && namespace.value !== null) {
      if (!isText(namespace, 'namespace', report)) return undefined;
    }
    if (/\{\{|\$\{/.test(String(name.value))) {
      reportTemplate(name.place, report);
      return undefined;
    }
    return this.complete(tree, report);
  }

  private complete(tree: Tree, report: Report): KubeObject {
    const written = tree.value as KubeObject;
    const { apiVersion, kind, metadata } = written;
    const namespaced = this.kinds.isNamespaced(apiVersion, kind);
    const namespace = metadata.namespace ?? 'default';
    const { namespace: _, ...rest } = metadata;
    const placed = namespaced ? copyWith(rest, { namespace }) : rest;
    const object: KubeObject = deepFreeze(copyWith(written, { metadata: placed }));
    for (const problem of this.kinds.check(object)) {
      const { path, severity, message, hint } = problem;
      const place = placeNear(tree, pointer(path));
      if (severity === 'error') {
        report.error('KD1206', place, `${fieldOf(path, kind)}: ${message}`, hint);
      } else report.warn('KD1207', place, message, hint);
    }
    return object;
  }
}

/** The last definition of each object, where the first one stood; the others are reported. */
export function lastOfEach(
  objects: readonly PlacedObject[],
  report: Report,
): readonly PlacedObject[] {
  const found = new Map<string, PlacedObject>();
  for (const one of objects) {
    const key = identityOf(one.object);
    const earlier = found.get(key);
    if (earlier !== undefined && earlier.tree !== one.tree) {
      const { file, line } = rangeOf(firstPlace(earlier.tree));
      report.warn(
        'KD1204',
        firstPlace(one.tree),
        `${nameOf(one.object)} is defined more than once; the last one wins`,
        `the other one stands at ${file}:${line}`,
      );
    }
    found.set(key, one);
  }
  return [...found.values()];
}

/** Namespaces that objects stand in and that nobody defines, as objects, each with a note. */
export function impliedNamespaces(
  objects: readonly PlacedObject[],
  report: Report,
): readonly KubeObject[] {
  const known = new Set(SYSTEM_NAMESPACES);
  for (const { object } of objects)
    if (object.kind === 'Namespace') known.add(object.metadata.name);
  const implied: KubeObject[] = [];
  for (const { object, tree } of objects) {
    const { namespace } = object.metadata;
    if (namespace === undefined || known.has(namespace)) continue;
    known.add(namespace);
    const place = child(child(tree, 'metadata'), 'namespace')?.place ?? firstPlace(tree);
    report.warn('KD1205', place, `no manifest defines the namespace "${namespace}"; it is created`);
    implied.push(
      deepFreeze({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }),
    );
  }
  return implied;
}

/** Equal for two definitions of one object, whatever the version of their API group. */
function identityOf(object: KubeObject): string {
  const slash = object.apiVersion.indexOf('/');
  const group = slash < 0 ? '' : object.apiVersion.slice(0, slash);
  return `${group}/${object.kind}/${keyOf(object)}`;
}

/** Whether a part of the metadata is a text; what else it is, is reported. */
function isText({ value, place }: Tree, key: string, report: Report): boolean {
  if (typeof value === 'string') return true;
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  const hint = isScalar ? `write "${value}"` : undefined;
  report.error('KD1201', place, `metadata.${key} must be a text`, hint);
  return false;
}

function firstPlace(tree: Tree): Place {
  return [...(tree.entries?.values() ?? [])][0]?.key ?? tree.place;
}

/** `/spec/ports/0/port` → `spec.ports[0].port`, as Kubernetes writes it; the kind for the whole. */
function fieldOf(path: string, kind: string): string {
  const steps = pointer(path).map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`));
  return steps.length === 0 ? kind : steps.join('').replace(/^\./, '');
}
