// The command line as data. Flags are declared in a table, from which parsing, the check for
// unknown flags and the help text come. Parsing itself is node:util's.

import { parseArgs } from 'node:util';
import { nearest } from '../language/did-you-mean';
import { columns } from './layout';

/** A mistake in the command line. The message is complete; exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export interface Flag {
  /** What its value is called in the help text; a flag without one is a switch. */
  readonly value?: string;
  readonly repeatable?: boolean;
  readonly help: string;
}

export interface CommandLine {
  readonly usage: string;
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Longer help below the table of flags. */
  readonly notes?: string;
}

export class Arguments {
  readonly positionals: readonly string[];
  private readonly values: ReadonlyMap<string, readonly string[]>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals;
    this.values = values;
  }

  has(flag: string): boolean {
    return this.values.has(flag);
  }

  /** The value of a flag; the last one where it was given more than once. */
  value(flag: string): string | undefined {
    return this.values.get(flag)?.at(-1);
  }

  all(flag: string): readonly string[] {
    return this.values.get(flag) ?? [];
  }
}

const HELP: Flag = { help: 'Show this help.' };

/** Reads the arguments of a command. Throws UsageError. */
export function parseArguments(line: CommandLine, argv: readonly string[]): Arguments {
  const flags: Readonly<Record<string, Flag>> = { ...line.flags, help: HELP };
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, { type: typeOf(flag), multiple: true }]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...options, help: { type: 'boolean', short: 'h', multiple: true } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const text = checkedValue(flags, token.name, token.rawName, token.value);
    values.set(token.name, [...(values.get(token.name) ?? []), text]);
  }
  for (const [name, given] of values) {
    if (given.length > 1 && flags[name]?.value !== undefined && !flags[name].repeatable) {
      throw new UsageError(`--${name} may be given once, not ${given.length} times`);
    }
  }
  return new Arguments(positionals, values);
}

function typeOf(flag: Flag): 'boolean' | 'string' {
  return flag.value === undefined ? 'boolean' : 'string';
}

function checkedValue(
  flags: Readonly<Record<string, Flag>>,
  name: string,
  rawName: string,
  value: string | undefined,
): string {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) {
    throw new UsageError(`unknown flag ${rawName}${hinted(name, Object.keys(flags), '--')}`);
  }
  if (flag.value === undefined && value !== undefined) {
    throw new UsageError(`--${name} takes no value`);
  }
  if (flag.value !== undefined && (value === undefined || value === '')) {
    throw new UsageError(`--${name} needs a value: --${name} ${flag.value}`);
  }
  return value ?? '';
}

/** `; did you mean --grep?`, or nothing where no candidate is near. */
export function hinted(word: string, candidates: readonly string[], prefix = ''): string {
  const found = nearest(word, candidates);
  return found === undefined ? '' : `; did you mean ${prefix}${found}?`;
}

/** The help text of a command, within 80 columns. */
export function helpText(line: CommandLine): string {
  const rows = Object.entries({ ...line.flags, help: HELP }).map(([name, flag]) => {
    const value = flag.value === undefined ? '' : ` ${flag.value}`;
    return [`  --${name}${value}${flag.repeatable === true ? ' …' : ''}`, flag.help] as const;
  });
  const notes = line.notes === undefined ? [] : ['', line.notes];
  return [`usage: kubedrill ${line.usage}`, '', line.summary, '', columns(rows), ...notes].join(
    '\n',
  );
}
