// Names of the reverse zones, and the addresses that are written with dashes.
// source: coredns plugin/pkg/dnsutil/reverse.go, plugin/kubernetes/kubernetes.go (endpointHostname)

import { familyOf, parseIp } from '../values/ip';
import type { Family, IP } from '../values/ip';

/**
 * The address that a full reverse name stands for. Undefined for a partial name: that one is an
 * ordinary name.
 */
export function addressOfReverseName(name: string): IP | undefined {
  const v4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  if (v4 !== null) return parseIp(v4.slice(1).reverse().join('.'));
  const v6 = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name);
  if (v6 === null) return undefined;
  const digits = v6[1]!.split('.').slice(0, 32).reverse().join('');
  return parseIp(digits.match(/.{4}/g)!.join(':'));
}

/** How an endpoint without a host name is called: `10-244-1-5`, `2001-db8--1`. */
export function dashedName(address: IP): string {
  const name = address.replace(/[.:]/g, '-');
  return name.endsWith('-') ? `${name}0` : name;
}

/** Reads what `dashedName` wrote, and what clients type before `<namespace>.pod`. */
export function addressOfDashedName(name: string): IP | undefined {
  const isV4 = name.split('-').length === 4 && !name.includes('--');
  return parseIp(name.replaceAll('-', isV4 ? '.' : ':'));
}

/** The type of record that holds addresses of a family. */
export function recordTypeOf(family: Family): 'A' | 'AAAA' {
  return family === 'IPv4' ? 'A' : 'AAAA';
}

/** Whether an address belongs into a record of this type. */
export function isOfType(address: IP, type: string): boolean {
  return recordTypeOf(familyOf(address)) === type;
}
