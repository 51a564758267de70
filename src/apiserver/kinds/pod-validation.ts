// What is wrong with the spec of a pod or of a pod template.
// source: pkg/apis/core/validation/validation.go ValidatePodSpec, validateContainers, validateProbe

import { parseIp } from '../../values/ip';
import type { ManifestProblem } from '../../values/manifest-problem';
import { error, noneOf, quote, warning } from './define';
import { isDnsLabel, isPortName, isPortNumber, noPort } from './names';
import type { Container, ContainerPort, Handler, PodSpec, Probe, Toleration } from './pod';

const PROTOCOLS: readonly unknown[] = ['TCP', 'UDP', 'SCTP'];
const DNS_POLICIES: readonly unknown[] = [
  'ClusterFirst',
  'ClusterFirstWithHostNet',
  'Default',
  'None',
];

const PROBE_NUMBERS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
  'terminationGracePeriodSeconds',
] as const;

/**
 * A spec without problems by its containers, which the pods of a template share: another one that
 * differs in nothing but what is looked at anew has none either.
 */
const flawless = new WeakMap<readonly Container[], PodSpec>();
/** What differs between the pods of a template. Any node is right; tolerations are looked at. */
const OWN: readonly string[] = ['nodeName', 'tolerations'];
const NOTHING: readonly string[] = [];

/** Problems of a completed pod spec; paths begin with `path`. */
export function validatePodSpec(spec: PodSpec, path: string): ManifestProblem[] {
  if (isFlawless(spec)) return [];
  const known = flawless.get(spec.containers);
  const isLikeKnown = known !== undefined && areSameBeside(spec, known, OWN);
  if (isLikeKnown && spec.tolerations === known.tolerations) return [];
  if (isLikeKnown) return validateTolerations(spec, path);
  const problems = problemsOf(spec, path);
  // What may still change is no key.
  const isLasting = Array.isArray(spec.containers) && Object.isFrozen(spec.containers);
  if (isLasting && problems.length === 0) flawless.set(spec.containers, spec);
  return problems;
}

/** Whether this spec, or one with the very same parts, was completed, and found right, before. */
export function isFlawless(spec: PodSpec): boolean {
  const known = flawless.get(spec.containers);
  return known === spec || (known !== undefined && areSameBeside(spec, known, NOTHING));
}

/** Whether two specs hold the same parts, but for the fields that are named. */
export function areSameBeside(one: PodSpec, other: PodSpec, fields: readonly string[]): boolean {
  return holdsPartsOf(one, other, fields) && holdsPartsOf(other, one, fields);
}

function holdsPartsOf(one: object, other: object, fields: readonly string[]): boolean {
  const [own, others] = [one, other] as Readonly<Record<string, unknown>>[];
  return Object.keys(others!).every((it) => fields.includes(it) || own![it] === others![it]);
}

function problemsOf(spec: PodSpec, path: string): ManifestProblem[] {
  const containers = listOf(spec.containers);
  const problems: ManifestProblem[] = [];
  if (containers.length === 0)
    problems.push(error(`${path}/containers`, 'a pod needs a container'));
  problems.push(
    ...validateContainers(spec, path),
    ...validateHostPorts(spec, containers, `${path}/containers`),
    ...validateDns(spec, path),
    ...validateTolerations(spec, path),
  );
  problems.push(
    ...validateCount(spec.terminationGracePeriodSeconds, `${path}/terminationGracePeriodSeconds`),
  );
  if (!['Always', 'OnFailure', 'Never'].includes(String(spec.restartPolicy))) {
    const message = noneOf(spec.restartPolicy, ['Always', 'OnFailure', 'Never']);
    problems.push(error(`${path}/restartPolicy`, message));
  }
  if (spec.hostname !== undefined && !isDnsLabel(spec.hostname)) {
    problems.push(error(`${path}/hostname`, `${quote(spec.hostname)} is no DNS label`));
  }
  if (spec.subdomain !== undefined && !isDnsLabel(spec.subdomain)) {
    problems.push(error(`${path}/subdomain`, `${quote(spec.subdomain)} is no DNS label`));
  }
  return problems;
}

function validateContainers(spec: PodSpec, path: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const names = new Set<string>();
  const lists = [
    ['initContainers', listOf(spec.initContainers)],
    ['containers', listOf(spec.containers)],
  ] as const;
  for (const [field, containers] of lists) {
    containers.forEach((container, index) => {
      const place = `${path}/${field}/${index}`;
      problems.push(...validateContainer(container, place));
      if (names.has(container.name)) {
        problems.push(
          error(`${place}/name`, `${quote(container.name)} is the name of another container`),
        );
      }
      names.add(container.name);
    });
  }
  return problems;
}

function validateContainer(container: Container, path: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  if (typeof container.name !== 'string' || !isDnsLabel(container.name)) {
    problems.push(error(`${path}/name`, noContainerName(container.name)));
  }
  problems.push(...validateTexts(container, path));
  const names = new Set<string>();
  listOf(container.ports).forEach((port, index) => {
    const place = `${path}/ports/${index}`;
    problems.push(...validatePort(port, place));
    if (port.name === undefined) return;
    if (names.has(port.name)) {
      problems.push(error(`${place}/name`, `${quote(port.name)} is the name of another port`));
    }
    names.add(port.name);
  });
  for (const field of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[field];
    if (probe !== undefined) problems.push(...validateProbe(probe, field, `${path}/${field}`));
  }
  return problems;
}

/** source: pkg/apis/core/validation/validation.go validateContainerCommon (ctr.Name) */
function noContainerName(name: unknown): string {
  return name === undefined || name === '' ? 'Required value' : `${quote(name)} is no DNS label`;
}

function validateTexts({ image, command, args }: Container, path: string): ManifestProblem[] {
  return [
    ...validateImage(image, `${path}/image`),
    ...validateWords(command, `${path}/command`),
    ...validateWords(args, `${path}/args`),
  ];
}

/** source: pkg/apis/core/validation/validation.go validateContainers (ctr.Image) */
function validateImage(image: unknown, path: string): ManifestProblem[] {
  if (image === undefined || image === '') return [error(path, 'Required value')];
  return typeof image === 'string' ? [] : [noText(path, image)];
}

/** A command is a list: nobody cuts a text at its spaces. */
function validateWords(words: unknown, path: string): ManifestProblem[] {
  if (words === undefined) return [];
  if (!Array.isArray(words)) {
    return [error(path, `must be a list, is ${JSON.stringify(words)}`)];
  }
  return words.flatMap((word: unknown, index) =>
    typeof word === 'string' ? [] : [noText(`${path}/${index}`, word)],
  );
}

/** Whole numbers of seconds and of times. A field that is left out has its default. */
function validateCount(value: unknown, path: string): ManifestProblem[] {
  if (value === undefined) return [];
  if (!Number.isInteger(value)) {
    const isQuoted = typeof value === 'string' && /^\d+$/.test(value);
    const hint = isQuoted ? 'write the number without quotes' : undefined;
    return [error(path, `must be a whole number, is ${JSON.stringify(value)}`, hint)];
  }
  return (value as number) < 0 ? [error(path, 'must not be negative')] : [];
}

function noText(path: string, value: unknown): ManifestProblem {
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  const hint = isScalar ? 'put it in quotes' : undefined;
  return error(path, `must be a string, is ${JSON.stringify(value)}`, hint);
}

function validatePort(port: ContainerPort, path: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  if (!isPortNumber(port.containerPort)) {
    problems.push(noPort(`${path}/containerPort`, port.containerPort));
  }
  if (port.hostPort !== undefined && port.hostPort !== 0 && !isPortNumber(port.hostPort)) {
    problems.push(noPort(`${path}/hostPort`, port.hostPort));
  }
  if (port.name !== undefined && !isPortName(port.name)) {
    const message = `${quote(port.name)} is no port name: 1 to 15 of a-z, 0-9, "-", with a letter`;
    problems.push(error(`${path}/name`, message));
  }
  if (!PROTOCOLS.includes(port.protocol)) {
    problems.push(error(`${path}/protocol`, noneOf(port.protocol, ['TCP', 'UDP', 'SCTP'])));
  }
  return problems;
}

/** On the host's network each port is the host's own; elsewhere a host port needs forwarding. */
function validateHostPorts(
  spec: PodSpec,
  containers: readonly Container[],
  path: string,
): ManifestProblem[] {
  const taken = new Set<string>();
  return containers.flatMap((container, at) =>
    listOf(container.ports).flatMap((port, index): ManifestProblem[] => {
      if (!port.hostPort) return [];
      const place = `${path}/${at}/ports/${index}/hostPort`;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) return [error(place, `${port.hostPort} is taken by another container`)];
      taken.add(key);
      if (!spec.hostNetwork) {
        return [
          warning(place, 'not modelled: hostPort: no packet is forwarded; pods are spread by it'),
        ];
      }
      if (port.hostPort === port.containerPort) return [];
      return [error(place, 'must be the containerPort on the network of the host')];
    }),
  );
}

function validateProbe(probe: Probe, field: string, path: string): ManifestProblem[] {
  const problems = validateHandler(probe, path);
  for (const name of PROBE_NUMBERS) {
    problems.push(...validateCount(probe[name], `${path}/${name}`));
  }
  if (field !== 'readinessProbe' && probe.successThreshold !== 1) {
    problems.push(error(`${path}/successThreshold`, `must be 1 for a ${field}`));
  }
  return problems;
}

function validateHandler(handler: Handler, path: string): ManifestProblem[] {
  const { httpGet, tcpSocket, grpc, exec } = handler;
  const given = [httpGet, tcpSocket, grpc, exec].filter((it) => it !== undefined);
  if (given.length === 0) return [error(path, 'needs one of httpGet, tcpSocket, grpc, exec')];
  if (given.length > 1) return [error(path, 'may have only one of httpGet, tcpSocket, grpc, exec')];
  const place = httpGet ? 'httpGet' : tcpSocket ? 'tcpSocket' : 'grpc';
  const port = (httpGet ?? tcpSocket ?? grpc)?.port;
  if (exec !== undefined) return validateWords(exec.command, `${path}/exec/command`);
  if (isPortNumber(port)) return [];
  if (typeof port === 'string' && isPortName(port)) return [];
  if (port === undefined) return [noPort(`${path}/${place}/port`, port)];
  return [error(`${path}/${place}/port`, `${quote(port)} is no port number and no port name`)];
}

function validateDns(spec: PodSpec, path: string): ManifestProblem[] {
  const { dnsPolicy, dnsConfig } = spec;
  if (!DNS_POLICIES.includes(dnsPolicy)) {
    return [error(`${path}/dnsPolicy`, noneOf(dnsPolicy, DNS_POLICIES))];
  }
  const nameservers = listOf(dnsConfig?.nameservers);
  if (dnsPolicy === 'None' && nameservers.length === 0) {
    return [error(`${path}/dnsConfig/nameservers`, 'dnsPolicy None needs a nameserver')];
  }
  const place = `${path}/dnsConfig/nameservers`;
  if (nameservers.length > 3) return [error(place, 'at most 3 nameservers')];
  return nameservers
    .filter((it: unknown) => typeof it !== 'string' || parseIp(it) === undefined)
    .map((it) => error(place, `${quote(it)} is no IP address`));
}

function validateTolerations({ tolerations }: PodSpec, path: string): ManifestProblem[] {
  return listOf(tolerations).flatMap((it, index) =>
    validateToleration(it, `${path}/tolerations/${index}`),
  );
}

function validateToleration(toleration: Toleration, path: string): ManifestProblem[] {
  const { key, operator = 'Equal', value, effect, tolerationSeconds } = toleration;
  if (!key && operator !== 'Exists') {
    return [
      error(`${path}/operator`, 'must be Exists where there is no key: it means every taint'),
    ];
  }
  if (operator === 'Exists' && value) {
    return [error(`${path}/value`, 'must be empty where the operator is Exists')];
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    return [error(`${path}/effect`, 'must be NoExecute where tolerationSeconds is given')];
  }
  return [];
}

/** A list, whatever the manifest holds in its place. */
function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}
