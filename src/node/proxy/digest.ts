// The one hash that names and elections of the data plane are made from.

import { createHash } from 'node:crypto';

/** sha256 of the text in hexadecimal digits, which sort as the bytes do. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
