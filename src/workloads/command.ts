// What a container's command does, as far as it can be read off: it sleeps, ends, or goes on.

import { seconds, ZERO } from '../values/time';
import type { Duration } from '../values/time';

/** A process that ends by itself. */
export interface Ending {
  readonly after: Duration;
  readonly exitCode: number;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };
const SHELLS = new Set(['sh', 'bash', 'ash', 'dash', 'ksh', 'zsh']);
const FOREVER = new Set(['infinity', 'inf']);

/** How long a command line sleeps, if sleeping is all it does. Undefined otherwise. */
export function sleepOf(command: readonly string[]): Duration | 'forever' | undefined {
  const words = unwrapShell(command);
  if (baseName(words[0] ?? '') !== 'sleep' || words.length < 2) return undefined;
  let total = 0;
  for (const word of words.slice(1)) {
    if (FOREVER.has(word)) return 'forever';
    const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word);
    if (match === null) return undefined;
    total += Number(match[1]) * UNIT_SECONDS[match[2] || 's']!;
  }
  return seconds(total);
}

/** When and how the process of this command line ends; undefined where that cannot be read off. */
export function endingOf(command: readonly string[]): Ending | undefined {
  const sleep = sleepOf(command);
  if (sleep !== undefined) return sleep === 'forever' ? undefined : { after: sleep, exitCode: 0 };
  const words = unwrapShell(command);
  const name = baseName(words[0] ?? '');
  if (name === 'true' && words.length === 1) return { after: ZERO, exitCode: 0 };
  if (name === 'false' && words.length === 1) return { after: ZERO, exitCode: 1 };
  const exit = name === 'exit' ? /^\d{1,3}$/.exec(words[1] ?? '0') : null;
  return exit === null ? undefined : { after: ZERO, exitCode: Number(exit[0]) };
}

/** Whether the command only keeps the process alive: `sleep 1h`, `tail -f /dev/null`. */
export function isIdle(command: readonly string[]): boolean {
  const words = unwrapShell(command);
  const text = words.join(' ');
  return sleepOf(command) !== undefined || /^(\S*\/)?tail -[fF] \/dev\/null$/.test(text);
}

/** `sh -c 'sleep 5'` as the words of the script, where the script is one plain command. */
function unwrapShell(command: readonly string[]): readonly string[] {
  const [shell = '', ...rest] = command;
  if (!SHELLS.has(baseName(shell))) return command;
  const flag = rest.findIndex((word) => /^-[a-z]*c$/.test(word));
  const script = flag < 0 ? undefined : rest[flag + 1];
  if (script === undefined || /[;&|<>$`(){}\n"'\\]/.test(script.trim().replace(/;$/, ''))) {
    return command;
  }
  return script.trim().replace(/;$/, '').split(/\s+/);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
