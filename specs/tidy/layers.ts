// The map in src/README.md, executed: which folder may import which, and which packages.

import { importsOf, packageOf, targetOf } from './imports';
import type { Finding, SourceFile } from './finding';

/** One row of the map. */
export interface Layer {
  /** A path from the project's root: `src/values`, `src/timing.ts`, `reporters`. */
  readonly path: string;
  readonly line: number;
  readonly mayImport: readonly string[];
}

export interface PackageRule {
  readonly name: string;
  readonly allowedIn: readonly string[];
}

export interface HouseMap {
  readonly path: string;
  readonly layers: readonly Layer[];
  readonly packages: readonly PackageRule[];
}

/** Reads both tables of the map. A map without rows is no map: the check below says so. */
export function parseMap(file: SourceFile): HouseMap {
  const layers: Layer[] = [];
  const packages: PackageRule[] = [];
  let table = '';
  file.text.split('\n').forEach((line, index) => {
    const cells = line.split('|').map((cell) => cell.trim());
    if (line.startsWith('| ') && /May import|Allowed in/.test(line)) table = cells[1]!;
    else if (!line.startsWith('|')) table = '';
    else if (table === 'Package') packages.push(...packageRules(cells));
    else if (table !== '') layers.push(...layerRows(cells, index + 1, layers));
  });
  return { path: file.path, layers, packages };
}

function layerRows(cells: readonly string[], line: number, above: readonly Layer[]): Layer[] {
  const allowed = cells[3] ?? '';
  const everything = allowed.startsWith('everything above') ? above.map(({ path }) => path) : [];
  const mayImport = [...everything, ...quoted(allowed).map(fromRoot)];
  return quoted(cells[1] ?? '').map((name) => ({ path: fromRoot(name), line, mayImport }));
}

function packageRules(cells: readonly string[]): PackageRule[] {
  const allowedIn = quoted(cells[2] ?? '').map(fromRoot);
  return quoted(cells[1] ?? '').map((name) => ({ name, allowedIn }));
}

function quoted(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
}

function fromRoot(name: string): string {
  return name.startsWith('../') ? name.slice(3) : `src/${name}`;
}

/** Rows name what exists, import only rows above, and every file has a row. */
export function checkMap(map: HouseMap, files: readonly SourceFile[]): Finding[] {
  const { path } = map;
  if (map.layers.length === 0) return [{ path, message: 'the map has no rows' }];
  const findings: Finding[] = [];
  const above = new Set<string>();
  for (const { path: name, line, mayImport } of map.layers) {
    for (const wanted of mayImport.filter((it) => !above.has(it))) {
      findings.push({ path, line, message: `${name} may import ${wanted}, which is no row above` });
    }
    if (!files.some((file) => isWithin(file.path, name))) {
      findings.push({ path, line, message: `${name} has a row but no file` });
    }
    above.add(name);
  }
  const homeless = files.filter((file) => layerOf(map, file.path) === undefined);
  const message = `has no row in ${path}: give its folder one, or move it into a folder with one`;
  return [...findings, ...homeless.map((file) => ({ path: file.path, message }))];
}

/** Every import of every file against the map; files of rows that may import all are free. */
export function checkImports(map: HouseMap, files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const layer = layerOf(map, file.path);
    if (layer === undefined) return [];
    return importsOf(file).flatMap(({ line, specifier }) => {
      const target = targetOf(file, specifier);
      const message =
        target === undefined
          ? packageMessage(map, file.path, packageOf(specifier))
          : layerMessage(map, layer, target);
      return message === undefined ? [] : [{ path: file.path, line, message }];
    });
  });
}

function layerMessage(map: HouseMap, layer: Layer, target: string): string | undefined {
  const other = layerOf(map, target);
  if (other === undefined) return `imports ${target}, which is no part of the map`;
  if (other === layer || layer.mayImport.includes(other.path)) return undefined;
  const allowed = layer.mayImport.join(', ') || 'nothing';
  return `${layer.path} may not import ${other.path}; by ${map.path} it may import ${allowed}`;
}

function packageMessage(map: HouseMap, path: string, name: string): string | undefined {
  const rule = map.packages.find((it) => it.name === name);
  if (rule === undefined) return `package ${name} has no row in ${map.path}`;
  if (rule.allowedIn.some((place) => isWithin(path, place))) return undefined;
  return `package ${name} may be imported in ${rule.allowedIn.join(', ')} only`;
}

/** The most particular row that a path belongs to. */
function layerOf(map: HouseMap, path: string): Layer | undefined {
  return map.layers
    .filter((layer) => isWithin(path, layer.path))
    .reduce<Layer | undefined>(
      (best, layer) => (best !== undefined && best.path.length > layer.path.length ? best : layer),
      undefined,
    );
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`) || `${path}.ts` === place;
}
