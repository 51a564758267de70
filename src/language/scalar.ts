// What an unquoted word of YAML means. Two readings: scenarios are YAML 1.2 (core schema);
// manifests are read as Kubernetes reads them, which is neither YAML 1.1 nor 1.2.

export type Scalar = string | number | boolean | null;

/** The reading of plain scalars. */
export type Dialect = 'core' | 'kubernetes';

/** Reads an unquoted word. */
export function readScalar(text: string, dialect: Dialect): Scalar {
  return dialect === 'core' ? readCore(text) : readKubernetes(text);
}

/**
 * Why an author of a manifest may not have meant what Kubernetes reads, as a sentence; undefined
 * where both readings agree. Octal modes (`0644`) are read as everybody means them.
 */
export function surpriseOf(text: string): string | undefined {
  const value = readKubernetes(text);
  if (typeof value === 'boolean' && typeof readCore(text) === 'string') {
    return `Kubernetes reads the unquoted word ${text} as the boolean ${value}`;
  }
  if (typeof value === 'number' && text.includes('_')) {
    return `Kubernetes reads the unquoted word ${text} as the number ${value}`;
  }
  return undefined;
}

const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
const NULLS: ReadonlySet<string> = new Set(['', '~', 'null', 'Null', 'NULL']);

function readCore(text: string): Scalar {
  if (NULLS.has(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (!/^[-+.\d]/.test(text)) return text;
  if (/^[-+]?\d+$/.test(text)) return Number(text);
  if (/^0(o[0-7]+|x[\dA-Fa-f]+)$/.test(text)) return Number(text);
  return FLOAT.test(text) ? Number(text) : text;
}

const YES: ReadonlySet<string> = new Set([
  'y',
  'Y',
  'yes',
  'Yes',
  'YES',
  'true',
  'True',
  'TRUE',
  'on',
  'On',
  'ON',
]);
const NO: ReadonlySet<string> = new Set([
  'n',
  'N',
  'no',
  'No',
  'NO',
  'false',
  'False',
  'FALSE',
  'off',
  'Off',
  'OFF',
]);

/** source: sigs.k8s.io/yaml/goyaml.v2/resolve.go (resolve, resolveMapList) */
function readKubernetes(text: string): Scalar {
  if (NULLS.has(text)) return null;
  if (YES.has(text)) return true;
  if (NO.has(text)) return false;
  if (!/^[-+.\d]/.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const whole = readGoInteger(plain);
  if (whole !== undefined) return whole;
  return FLOAT.test(plain) ? Number(plain) : text;
}

/** strconv.ParseInt with base 0: the prefix chooses the base, a leading zero is octal. */
function readGoInteger(text: string): number | undefined {
  const match = /^([-+]?)(0[bB][01]+|0[oO]?[0-7]+|0[xX][\dA-Fa-f]+|0|[1-9]\d*)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = ''] = match;
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return sign === '-' && value !== 0 ? -value : value;
}
