// What is wrong with a NetworkPolicy.
// source: pkg/apis/networking/validation/validation.go (ValidateNetworkPolicySpec and below)

import { cidr, contains, parseCidr } from '../../values/cidr';
import { familyOf, ipFromNumber, parseIp } from '../../values/ip';
import type { KubeObject } from '../../values/kube-object';
import type { ManifestProblem } from '../../values/manifest-problem';
import { error, noneOf, quote } from './define';
import { isPortName, isPortNumber, validateMetadata } from './names';
import type {
  IpBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from './network-policy';
import { validateSelector } from './selector-validation';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const TYPES = ['Ingress', 'Egress'];

/** What is wrong with a completed NetworkPolicy. */
export function validateNetworkPolicy(object: KubeObject): ManifestProblem[] {
  const {
    podSelector,
    policyTypes = [],
    ingress = [],
    egress = [],
  } = (object as NetworkPolicy).spec;
  return [
    ...validateMetadata(object),
    ...validateSelector(podSelector, '/spec/podSelector'),
    ...ingress.flatMap(({ from, ports }, index) =>
      validateRule(from, ports, `/spec/ingress/${index}`, 'from'),
    ),
    ...egress.flatMap(({ to, ports }, index) =>
      validateRule(to, ports, `/spec/egress/${index}`, 'to'),
    ),
    ...validateTypes(policyTypes),
  ];
}

/** Whether the text is a range of addresses with a prefix length, as `ipBlock.cidr` wants one. */
export function validateRange(text: unknown, path: string): ManifestProblem[] {
  if (typeof text !== 'string' || text === '') return [error(path, 'a CIDR is required')];
  if (parseCidr(text) !== undefined) return [];
  const address = parseIp(text);
  const hint = address && `write ${text}/${familyOf(address) === 'IPv4' ? 32 : 128}`;
  return [error(path, `${quote(text)} is no CIDR (10.0.0.0/8, 2001:db8::/32)`, hint)];
}

/** A whole number from 1 to 65535. */
export function validatePortNumber(port: unknown, path: string): ManifestProblem[] {
  return isPortNumber(port)
    ? []
    : [error(path, `${quote(port)} is no port: a number from 1 to 65535`)];
}

export function validateProtocol(protocol: unknown, path: string): ManifestProblem[] {
  if (PROTOCOLS.includes(protocol as string)) return [];
  return [error(path, noneOf(protocol, PROTOCOLS))];
}

function validateTypes(types: readonly string[]): ManifestProblem[] {
  if (types.length > TYPES.length) {
    return [error('/spec/policyTypes', 'at most two: Ingress and Egress')];
  }
  return types.flatMap((type, index) =>
    TYPES.includes(type)
      ? []
      : [error(`/spec/policyTypes/${index}`, `${quote(type)} is neither Ingress nor Egress`)],
  );
}

function validateRule(
  peers: readonly NetworkPolicyPeer[] | undefined,
  ports: readonly NetworkPolicyPort[] | undefined,
  path: string,
  side: 'from' | 'to',
): ManifestProblem[] {
  return [
    ...(ports ?? []).flatMap((port, index) => validatePort(port, `${path}/ports/${index}`)),
    ...(peers ?? []).flatMap((peer, index) => validatePeer(peer, `${path}/${side}/${index}`)),
  ];
}

function validatePort(port: NetworkPolicyPort, path: string): ManifestProblem[] {
  const problems = validateProtocol(port.protocol, `${path}/protocol`);
  const { port: number, endPort } = port;
  if (typeof number === 'string') {
    if (!isPortName(number)) problems.push(badName(number, `${path}/port`));
  } else if (number !== undefined) {
    problems.push(...validatePortNumber(number, `${path}/port`));
  }
  if (endPort === undefined) return problems;
  if (typeof number !== 'number') {
    problems.push(error(`${path}/endPort`, 'endPort needs a port that is a number'));
  } else if (!isPortNumber(endPort) || endPort < number) {
    problems.push(error(`${path}/endPort`, `must be from ${number} to 65535, is ${endPort}`));
  }
  return problems;
}

function badName(name: string, path: string): ManifestProblem {
  const hint = /^\d+$/.test(name) ? `write the number ${name} without quotes` : undefined;
  return error(path, `${quote(name)} is no port name: a-z, 0-9 and "-", with a letter`, hint);
}

function validatePeer(peer: NetworkPolicyPeer, path: string): ManifestProblem[] {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (podSelector === undefined && namespaceSelector === undefined && ipBlock === undefined) {
    const hint = 'podSelector: {} means every pod of the namespace';
    return [error(path, 'must specify a peer: podSelector, namespaceSelector or ipBlock', hint)];
  }
  if (ipBlock !== undefined) {
    if (podSelector === undefined && namespaceSelector === undefined) {
      return validateBlock(ipBlock, `${path}/ipBlock`);
    }
    return [error(path, 'may not specify both ipBlock and another peer')];
  }
  return [
    ...validateSelector(podSelector, `${path}/podSelector`),
    ...validateSelector(namespaceSelector, `${path}/namespaceSelector`),
  ];
}

function validateBlock({ cidr: text, except = [] }: IpBlock, path: string): ManifestProblem[] {
  const problems = validateRange(text, `${path}/cidr`);
  if (problems.length > 0) return problems;
  return except.flatMap((part, index) => {
    const place = `${path}/except/${index}`;
    const malformed = validateRange(part, place);
    if (malformed.length > 0 || isStrictlyInside(part, text)) return malformed;
    return [error(place, `must be a strict subset of ${text}, is ${part}`)];
  });
}

function isStrictlyInside(part: string, whole: string): boolean {
  const [inner, outer] = [cidr(part), cidr(whole)];
  return inner.prefix > outer.prefix && contains(outer, ipFromNumber(inner.first, inner.family));
}
