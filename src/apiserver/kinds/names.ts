// What names, labels and ports may look like.
// source: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go

import type { KubeObject } from '../../values/kube-object';
import type { Labels } from '../../values/labels';
import type { ManifestProblem } from '../../values/manifest-problem';
import { error, quote } from './define';

/** The letters of a name at the most. */
export const NAME_MOST = 253;

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** A DNS label, as names of Namespaces, containers and ports are. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text);
}

/** A DNS label that begins with a letter, as names of Services are. */
function isDns1035Label(text: string): boolean {
  return text.length <= 63 && LABEL_1035.test(text);
}

/** Dotted DNS labels, as most names are. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= NAME_MOST && SUBDOMAIN.test(text);
}

/** The name of a container port or of a named target port. */
export function isPortName(text: string): boolean {
  return text.length <= 15 && LABEL.test(text) && /[a-z]/.test(text) && !text.includes('--');
}

export function isPortNumber(port: unknown): port is number {
  return Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535;
}

/** Says of what should be the number of a port that it is none. */
export function noPort(path: string, port: unknown): ManifestProblem {
  if (typeof port === 'number') return error(path, `${port} is not in 1..65535`);
  const hint = /^\d+$/.test(String(port)) ? 'write the number without quotes' : undefined;
  return error(path, `must be a number, is ${JSON.stringify(port) ?? 'missing'}`, hint);
}

/**
 * What is wrong with name and labels. Services have names of their own form. What stands is right:
 * what is the same in `previous` is not looked at again.
 */
export function validateMetadata(object: KubeObject, previous?: KubeObject): ManifestProblem[] {
  const { name, namespace, generateName, labels } = object.metadata;
  const known = previous?.metadata;
  const isKnown = known !== undefined && known.name === name && known.namespace === namespace;
  if (isKnown && name) {
    return labels === known.labels ? [] : validateLabels(labels, '/metadata/labels');
  }
  const text = String(name || generateName || '');
  if (text === '') return [error('/metadata/name', 'name or generateName is required')];
  const problems = validateName(object.kind, text, !name);
  if (!isNamespace(namespace)) problems.push(noNamespace(namespace));
  if (labels !== undefined) problems.push(...validateLabels(labels, '/metadata/labels'));
  return problems;
}

/** source: staging/src/k8s.io/apimachinery/pkg/api/validation/objectmeta.go */
function isNamespace(namespace: string | undefined): boolean {
  return namespace === undefined || namespace === '' || isDnsLabel(namespace);
}

function noNamespace(namespace: string | undefined): ManifestProblem {
  return error('/metadata/namespace', `${quote(namespace)} is no DNS label: a-z, 0-9 and "-"`);
}

function validateName(kind: string, text: string, isPrefix: boolean): ManifestProblem[] {
  // The trailing dash of a prefix will be followed by letters.
  const name = isPrefix ? text.replace(/-+$/, 'x') : text;
  const path = isPrefix ? '/metadata/generateName' : '/metadata/name';
  if (kind === 'Service') {
    if (isDns1035Label(name)) return [];
    return [
      error(path, `${quote(text)} is no DNS label: small letters, digits and "-", a letter first`),
    ];
  }
  if (kind === 'Namespace') {
    return isDnsLabel(name)
      ? []
      : [error(path, `${quote(text)} is no DNS label: a-z, 0-9 and "-"`)];
  }
  // Roles and their bindings may be named with colons; other kinds follow the subdomain rule.
  if (isDnsSubdomain(name) || (/^[^/%]+$/.test(name) && /Role/.test(kind))) return [];
  return [error(path, `${quote(text)} is no DNS name: small letters, digits, "-" and "."`)];
}

/** What is wrong with a mapping of labels. */
export function validateLabels(labels: Labels | undefined, path: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  if (labels === undefined) return problems;
  for (const key of Object.keys(labels)) {
    const value: unknown = labels[key];
    if (typeof value === 'string' && isQualifiedName(key) && isLabelValue(value)) continue;
    const place = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    problems.push(wrongLabel(place, key, value));
  }
  return problems;
}

function wrongLabel(place: string, key: string, value: unknown): ManifestProblem {
  if (typeof value !== 'string') {
    return error(place, `must be a string, is ${JSON.stringify(value)}`, 'put it in quotes');
  }
  if (!isQualifiedName(key)) return error(place, `${quote(key)} is no label name`);
  const message = `${quote(value)} is no label value: at most 63 letters, digits, "-", "_", "."`;
  return error(place, message);
}

/** The value of a label; it may be empty. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && QUALIFIED.test(text));
}

/** What is wrong with the key of a label, where it stands by itself as in a selector. */
export function validateLabelKey(key: unknown, path: string): ManifestProblem[] {
  if (typeof key === 'string' && isQualifiedName(key)) return [];
  return [error(path, `${JSON.stringify(key)} is no label name`)];
}

/** A name with an optional prefix, as keys of labels are. */
export function isQualifiedName(key: string): boolean {
  const slash = key.lastIndexOf('/');
  const name = key.slice(slash + 1);
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  return (
    name.length <= 63 && QUALIFIED.test(name) && (prefix === undefined || isDnsSubdomain(prefix))
  );
}
