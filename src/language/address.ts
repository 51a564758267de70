// Addresses with ports as scenarios write them: `10.244.1.3:54321`, `10.0.0.1:any`, `[fd00::1]:80`.

import { parseIp } from '../values/ip';
import type { IP } from '../values/ip';
import type { Reading } from './duration';

export interface Address {
  readonly ip: IP;
  readonly port: number | 'any';
}

/** Reads `ip:port`, where the port may be `any`. */
export function parseAddress(text: string): Reading<Address> {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(any|\d+)$/.exec(text);
  if (match === null) {
    const bare = parseIp(text);
    if (bare === undefined) return refuse(text);
    return text.includes(':')
      ? { ok: false, message: `"${text}" has no port`, hint: `write "[${text}]:any"` }
      : { ok: false, message: `"${text}" has no port`, hint: `write ${text}:any` };
  }
  const [, v6, v4, portText = ''] = match;
  const ip = parseIp(v6 ?? v4 ?? '');
  if (ip === undefined) return refuse(text);
  if (portText === 'any') return { ok: true, value: { ip, port: 'any' } };
  const port = Number(portText);
  if (port < 1 || port > 65_535) {
    return { ok: false, message: `"${portText}" of "${text}" is no port from 1 to 65535` };
  }
  return { ok: true, value: { ip, port } };
}

function refuse(text: string): Reading<never> {
  return {
    ok: false,
    message: `"${text}" is not an address with a port`,
    hint: 'write 10.0.0.1:80, 10.0.0.1:any or "[fd00::1]:80"',
  };
}
