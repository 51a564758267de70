#!/usr/bin/env node
// The command line: finds the command, hands it its arguments, and turns what it throws into an
// exit code. Commands are loaded when they are called: `run` needs mocha, the others do not.

import { packageVersion } from '../../reporters/version';
import type { CommandLine } from './arguments';
import { helpText, hinted, parseArguments, UsageError } from './arguments';
import type { Arguments } from './arguments';
import { EXIT } from './exit-code';
import type { ExitCode } from './exit-code';
import type { Io } from './io';
import { processIo } from './io';

export interface Command {
  readonly line: CommandLine;
  execute(args: Arguments, io: Io): Promise<ExitCode> | ExitCode;
}

interface Entry {
  readonly summary: string;
  load(): Loaded;
}

interface Loaded {
  readonly command: Command;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: 'Runs scenarios and reports.',
    load: () => require('./commands/run') as Loaded,
  },
  lint: {
    summary: 'Checks scenarios and manifests without running them.',
    load: () => require('./commands/lint') as Loaded,
  },
  diff: {
    summary: 'Which connections two sets of manifests differ in.',
    load: () => require('./commands/diff') as Loaded,
  },
  dig: {
    summary: 'Asks for a name from inside of a scenario.',
    load: () => require('./commands/dig') as Loaded,
  },
  explain: {
    summary: 'Explains a word of the language, timers, or the verdicts of a file.',
    load: () => require('./commands/explain') as Loaded,
  },
  import: {
    summary: 'Turns faults of Chaos Mesh into a scenario.',
    load: () => require('./commands/import') as Loaded,
  },
  show: {
    summary: 'Prints what a node holds at an instant, as its own tools would.',
    load: () => require('./commands/show') as Loaded,
  },
  trace: {
    summary: 'Follows one flow of a scenario hop by hop.',
    load: () => require('./commands/trace') as Loaded,
  },
  schema: {
    summary: 'Prints the JSON Schema of scenarios, for editors.',
    load: () => require('./commands/schema') as Loaded,
  },
  verify: {
    summary: 'Runs scenarios in two processes and compares them event by event.',
    load: () => require('./commands/verify') as Loaded,
  },
};

/** Executes a command line and returns its exit code. Writes to `io` alone; throws nothing. */
export async function execute(argv: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = argv;
  try {
    if (name === '--version' || name === '-v') {
      io.out.write(`${packageVersion()}\n`);
      return EXIT.passed;
    }
    if (name === '--help' || name === '-h' || name === 'help') {
      io.out.write(`${overview()}\n`);
      return EXIT.passed;
    }
    if (name === undefined) throw new UsageError(`a command is missing\n\n${overview()}`);
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (entry === undefined) throw unknownCommand(name);
    const { command } = entry.load();
    const args = parseArguments(command.line, rest);
    if (args.has('help')) {
      io.out.write(`${helpText(command.line)}\n`);
      return EXIT.passed;
    }
    return await command.execute(args, io);
  } catch (error) {
    return complain(error, io);
  }
}

function complain(error: unknown, io: Io): ExitCode {
  if (error instanceof UsageError) {
    io.complain(`kubedrill: ${error.message}`);
    return EXIT.unusable;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.complain(`kubedrill: this is an error of kubedrill itself\n${text}`);
  return EXIT.internal;
}

function unknownCommand(name: string): UsageError {
  if (/\.ya?ml(:\d+)?$|[/*]/.test(name)) {
    return new UsageError(`unknown command ${name}; did you mean kubedrill run ${name}?`);
  }
  const names = Object.keys(COMMANDS);
  const hint = hinted(name, names) || `; the commands are ${names.join(', ')}`;
  return new UsageError(`unknown command ${name}${hint}`);
}

function overview(): string {
  const rows = Object.entries(COMMANDS).map(
    ([name, { summary }]) => `  ${name.padEnd(10)}${summary}`,
  );
  return [
    'usage: kubedrill COMMAND [arguments]',
    '',
    'Deterministic simulation testing for Kubernetes networking.',
    '',
    ...rows,
    '',
    '`kubedrill COMMAND --help` explains a command; `--version` prints the version.',
    'Exit codes: 0 passed, 1 an expectation failed, 2 usage or input, 3 internal.',
  ].join('\n');
}

// Only the exit code is set: output that is still on its way to a pipe is not cut off.
if (require.main === module) {
  void execute(process.argv.slice(2), processIo()).then((code) => {
    process.exitCode = code;
  });
}
