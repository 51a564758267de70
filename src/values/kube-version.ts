// Kubernetes versions as far as behaviour depends on them: major.minor.

/** `1.36`. Compare with `isAtLeast`, never as text: 1.9 is older than 1.30. */
export type KubeVersion = string & { readonly __unit: 'kube-version' };

/** The versions whose behaviour and timers are modelled, oldest first. */
export const MODELLED_VERSIONS = [
  '1.28',
  '1.29',
  '1.30',
  '1.31',
  '1.32',
  '1.33',
  '1.34',
  '1.35',
  '1.36',
] as unknown as readonly KubeVersion[];

export const NEWEST_VERSION = MODELLED_VERSIONS.at(-1)!;

export function isModelledVersion(text: string): text is KubeVersion {
  return (MODELLED_VERSIONS as readonly string[]).includes(text);
}

export function isAtLeast(version: KubeVersion, wanted: string): boolean {
  return minorOf(version) >= minorOf(wanted);
}

/** How many minor versions `version` is newer than `other`; negative where it is older. */
export function minorsBetween(version: KubeVersion, other: KubeVersion): number {
  return minorOf(version) - minorOf(other);
}

const minors = new Map<string, number>();

/** Asked for each of many Services; there are only a few versions. */
function minorOf(version: string): number {
  let minor = minors.get(version);
  if (minor === undefined) minors.set(version, (minor = Number(version.split('.')[1])));
  return minor;
}
