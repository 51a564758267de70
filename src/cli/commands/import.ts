// `kubedrill import`: faults that were written for other tools, as a scenario.

import { openOutput, UnwritableReport } from '../../../reporters/output';
import { formatRemark, importObject, writeScenario } from '../../import/index';
import type { ImportedObject, Span } from '../../import/index';
import { formatDiagnostic, parseDuration } from '../../language/index';
import { DISK } from '../../language/source';
import { Sources } from '../../language/sources';
import type { Arguments, CommandLine } from '../arguments';
import { UsageError } from '../arguments';
import { EXIT } from '../exit-code';
import type { ExitCode } from '../exit-code';
import type { Io } from '../io';
import type { Command } from '../main';

const line: CommandLine = {
  usage: 'import chaos-mesh FILE… [flags]',
  summary: 'Turns experiments of Chaos Mesh into the timeline of a scenario.',
  flags: {
    out: { value: 'FILE', help: 'Write the scenario to this file instead.' },
    manifests: {
      value: 'PATH',
      repeatable: true,
      help: 'What the scenario applies, seen from its file; without, it is abstract.',
    },
    title: { value: 'TEXT', help: 'The title of the scenario.' },
    at: { value: 'INSTANT', help: 'When the experiments begin; 10s by default.' },
    for: { value: 'SPAN', help: 'How long schedules are followed; 10m by default.' },
  },
  notes: [
    'PodChaos, NetworkChaos, DNSChaos, TimeChaos and Schedule. A comment above each step names',
    'the object that it comes from, and so does one for all that has no counterpart, which goes',
    'to standard error as well: `skipped` is missing, `differs` stands for something else.',
    'docs/import.md says what becomes of what.',
    'Exit codes: 0 all of it is carried over; 1 something is skipped or differs; 2 usage, input,',
    'or nothing to carry over; 3 internal error.',
  ].join('\n'),
};

function execute(args: Arguments, io: Io): ExitCode {
  const [format, ...files] = args.positionals;
  if (format !== 'chaos-mesh' || files.length === 0) {
    throw new UsageError(`usage: kubedrill ${line.usage}`);
  }
  const span: Span = {
    start: durationOf(args, 'at', '10s'),
    length: durationOf(args, 'for', '10m'),
  };
  const { objects, isBroken } = readObjects(files, span, io);
  const remarks = objects.flatMap((object) => object.remarks);
  for (const remark of remarks) io.complain(formatRemark(remark));
  if (objects.every(({ steps }) => steps.length === 0)) {
    io.complain(`kubedrill: nothing in ${files.join(', ')} can be carried over`);
    return EXIT.unusable;
  }
  const title = args.value('title') ?? `chaos of ${files.join(', ')}`;
  write(args.value('out'), writeScenario({ title, manifests: args.all('manifests') }, objects), io);
  if (isBroken) return EXIT.unusable;
  return remarks.some(({ loss }) => loss !== 'idle') ? EXIT.failed : EXIT.passed;
}

/** Every document of the files as far as they can be read; what cannot is told at once. */
function readObjects(paths: readonly string[], span: Span, io: Io) {
  const sources = new Sources(DISK);
  const objects: ImportedObject[] = [];
  let isBroken = false;
  for (const path of paths.flatMap((it) => filesBehind(it))) {
    const loaded = sources.load(path);
    if (loaded.is !== 'source') throw new UsageError(`there is no file ${path}`);
    for (const diagnostic of loaded.diagnostics) {
      isBroken ||= diagnostic.severity === 'error';
      io.complain(formatDiagnostic(diagnostic, loaded.source.text.lines));
    }
    for (const { tree } of loaded.source.documents) objects.push(importObject(tree, span));
  }
  return { objects, isBroken };
}

function filesBehind(path: string): readonly string[] {
  const files = DISK.expand(path);
  if (files.length === 0) throw new UsageError(`no file matches ${path}`);
  return files;
}

function durationOf(args: Arguments, flag: string, fallback: string) {
  const text = args.value(flag) ?? fallback;
  const reading = parseDuration(text);
  if (!reading.ok) throw new UsageError(`--${flag} ${text}: ${reading.message}`);
  return reading.value;
}

function write(file: string | undefined, text: string, io: Io): void {
  try {
    if (file === undefined) io.out.write(text);
    else openOutput(file).write(text);
  } catch (error) {
    if (error instanceof UnwritableReport) throw new UsageError(error.message);
    throw error;
  }
}

export const command: Command = { line, execute };
