// Regular expressions as Go writes them.

import { CorefileError } from './corefile';

/** The same expression for this machine. Throws CorefileError for what cannot be carried over. */
export function goRegExp(text: string, line: number): RegExp {
  const flags = /^\(\?([imsU]+)\)/.exec(text);
  const body = text.slice(flags?.[0].length ?? 0).replace(/\(\?P</g, '(?<');
  try {
    return new RegExp(body, (flags?.[1] ?? '').replace('U', ''));
  } catch {
    throw new CorefileError(`the regular expression ${text} cannot be read`, line);
  }
}
