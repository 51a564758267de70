// What is wrong with an EndpointSlice.
// source: pkg/apis/discovery/validation/validation.go

import { familyOf, parseIp } from '../../values/ip';
import type { ManifestProblem } from '../../values/manifest-problem';
import { isSpecialAddress, SPECIAL_ADDRESS } from '../../values/special-addresses';
import { error, noneOf, quote } from './define';
import type { EndpointConditions, EndpointHints } from './endpointslice';
import type { EndpointSlice, SliceEndpoint, SlicePort } from './endpointslice';
import {
  isDnsLabel,
  isDnsSubdomain,
  isLabelValue,
  isQualifiedName,
  validateMetadata,
} from './names';

const ENDPOINTS_MAX = 1_000;
const PORTS_MAX = 20_000;

/** Addresses of one endpoint. */
const ADDRESSES_MAX = 100;

/** Hints of one endpoint, by zones and by nodes each. */
const HINTS_MAX = 8;
const ADDRESS_TYPES: readonly unknown[] = ['IPv4', 'IPv6', 'FQDN'];
const PROTOCOLS: readonly unknown[] = ['TCP', 'UDP', 'SCTP'];
const NOBODY: readonly SliceEndpoint[] = [];
const NOTHING: Partial<SliceEndpoint> = {};
const NONE: EndpointConditions = {};
const CONDITIONS = ['ready', 'serving', 'terminating'] as const;

/** Problems of a completed slice; of endpoints and ports that stand already there are none. */
export function validateEndpointSlice(
  slice: EndpointSlice,
  previous?: EndpointSlice,
): ManifestProblem[] {
  const { addressType, endpoints, ports = [] } = slice;
  const problems = validateMetadata(slice, previous);
  if (!ADDRESS_TYPES.includes(addressType)) {
    // Of no type, no address is the wrong one.
    return [...problems, error('/addressType', noneOf(addressType, ADDRESS_TYPES))];
  }
  if (endpoints.length > ENDPOINTS_MAX) {
    problems.push(error('/endpoints', `more than ${ENDPOINTS_MAX} endpoints`));
  } else {
    const standing = previous?.addressType === addressType ? previous.endpoints : NOBODY;
    problems.push(...validateEndpoints(endpoints, addressType, standing));
  }
  if (ports === previous?.ports) return problems;
  return [...problems, ...validatePorts(ports)];
}

/** Of what family the addresses are, nobody may change. */
export function validateSliceChange(
  slice: EndpointSlice,
  previous: EndpointSlice,
): ManifestProblem[] {
  if (slice.addressType === previous.addressType) return [];
  return [error('/addressType', `may not change: it is ${previous.addressType}`)];
}

/** A change touches few endpoints, and most of them in one part. */
function validateEndpoints(
  endpoints: readonly SliceEndpoint[],
  addressType: EndpointSlice['addressType'],
  standing: readonly SliceEndpoint[],
): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  for (let index = 0; index < endpoints.length; index++) {
    const endpoint = endpoints[index]!;
    const known = standing[index];
    // What stands elsewhere has moved.
    if (endpoint === known || standing.includes(endpoint)) continue;
    const found = validateEndpoint(endpoint, addressType, `/endpoints/${index}`, known);
    if (found.length > 0) problems.push(...found);
  }
  return problems;
}

/** `known`: what stands at its place, with parts that it may share. */
function validateEndpoint(
  endpoint: SliceEndpoint,
  addressType: EndpointSlice['addressType'],
  path: string,
  known: Partial<SliceEndpoint> = NOTHING,
): ManifestProblem[] {
  const { addresses = [], conditions = NONE, hostname, nodeName, hints } = endpoint;
  const problems =
    addresses === known.addresses
      ? []
      : validateAddresses(addresses, addressType, `${path}/addresses`);
  for (const condition of CONDITIONS) {
    const value: unknown = conditions[condition];
    if (value === undefined || typeof value === 'boolean') continue;
    const message = `must be true or false, is ${JSON.stringify(value)}`;
    problems.push(error(`${path}/conditions/${condition}`, message));
  }
  if (nodeName !== undefined && nodeName !== known.nodeName && !isDnsSubdomain(nodeName)) {
    problems.push(error(`${path}/nodeName`, `${quote(nodeName)} is no DNS name`));
  }
  if (hostname !== undefined && !isDnsLabel(hostname)) {
    problems.push(error(`${path}/hostname`, `${quote(hostname)} is no DNS label`));
  }
  if (hints !== undefined) problems.push(...validateHints(hints, `${path}/hints`));
  return problems;
}

function validateAddresses(
  addresses: readonly unknown[],
  addressType: EndpointSlice['addressType'],
  path: string,
): ManifestProblem[] {
  if (!Array.isArray(addresses)) {
    return [error(path, `must be a list, is ${JSON.stringify(addresses)}`)];
  }
  if (addresses.length === 0) return [error(path, 'an endpoint needs an address')];
  const problems: ManifestProblem[] = [];
  for (const text of addresses as readonly unknown[]) {
    const message = wrongAddress(text, addressType);
    if (message !== undefined) problems.push(error(path, message));
  }
  if (addresses.length > ADDRESSES_MAX) {
    problems.push(error(path, `more than ${ADDRESSES_MAX} addresses`));
  }
  return problems;
}

function wrongAddress(
  text: unknown,
  addressType: EndpointSlice['addressType'],
): string | undefined {
  if (addressType === 'FQDN') {
    return isFullName(text) ? undefined : `${quote(text)} is no full DNS name`;
  }
  const address = typeof text === 'string' ? parseIp(text) : undefined;
  if (address === undefined || familyOf(address) !== addressType) {
    return `${quote(text)} is no ${addressType} address`;
  }
  return isSpecialAddress(address) ? `${address} ${SPECIAL_ADDRESS}` : undefined;
}

/** source: apimachinery/pkg/util/validation/validation.go IsFullyQualifiedDomainName */
function isFullName(text: unknown): boolean {
  const name = String(text).replace(/\.$/, '');
  return isDnsSubdomain(name) && name.includes('.');
}

function validateHints({ forZones, forNodes }: EndpointHints, path: string): ManifestProblem[] {
  return [
    ...validateNames(forZones, `${path}/forZones`, isLabelValue, 'label value'),
    ...validateNames(forNodes, `${path}/forNodes`, isDnsSubdomain, 'DNS name'),
  ];
}

function validateNames(
  hints: EndpointHints['forZones'] = [],
  path: string,
  isName: (text: string) => boolean,
  what: string,
): ManifestProblem[] {
  if (hints.length > HINTS_MAX) return [error(path, `more than ${HINTS_MAX} hints`)];
  const names = new Set<string>();
  return hints.flatMap(({ name }, index) => {
    const place = `${path}/${index}/name`;
    if (names.has(name)) return [error(place, `${quote(name)} is there already`)];
    names.add(name);
    return isName(name) ? [] : [error(place, `${quote(name)} is no ${what}`)];
  });
}

function validatePorts(ports: readonly SlicePort[]): ManifestProblem[] {
  if (ports.length > PORTS_MAX) return [error('/ports', `more than ${PORTS_MAX} ports`)];
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const problems = validatePort(port, `/ports/${index}`);
    const { name = '' } = port;
    if (names.has(name)) {
      problems.push(error(`/ports/${index}/name`, `${quote(name)} is the name of another port`));
    }
    names.add(name);
    return problems;
  });
}

function validatePort(given: SlicePort, path: string): ManifestProblem[] {
  const problems: ManifestProblem[] = [];
  const { name = '', protocol, appProtocol } = given;
  const port: unknown = given.port;
  if (name !== '' && !isDnsLabel(name)) {
    problems.push(error(`${path}/name`, `${quote(name)} is no DNS label`));
  }
  if (port !== undefined && !Number.isInteger(port)) {
    problems.push(error(`${path}/port`, `must be a number, is ${JSON.stringify(port)}`));
  }
  if (!PROTOCOLS.includes(protocol)) {
    const message = noneOf(protocol, PROTOCOLS);
    problems.push(error(`${path}/protocol`, message));
  }
  if (appProtocol !== undefined && !isQualifiedName(appProtocol)) {
    problems.push(error(`${path}/appProtocol`, `${quote(appProtocol)} is no qualified name`));
  }
  return problems;
}
