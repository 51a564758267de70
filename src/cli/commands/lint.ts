// `kubedrill lint`: everything that can be said about scenarios and manifests without running.

import { DISK } from '../../language/source';
import type { Diagnostic } from '../../values/diagnostic';
import { diagnosticText, loadPlans } from '../../mocha/load-plans';
import type { CommandLine } from '../arguments';
import { EXIT } from '../exit-code';
import type { Command } from '../main';
import { findTargets } from '../targets';

const line: CommandLine = {
  usage: 'lint [FILE | FOLDER | GLOB]… [flags]',
  summary: 'Checks scenarios and their manifests; by default scenarios/**/*.yaml.',
  flags: {
    quiet: { help: 'Show errors only, no warnings.' },
    strict: { help: 'Fail on warnings as well.' },
  },
  notes: 'Exit codes: 0 nothing wrong; 2 an error, or nothing to check; 3 internal error.',
};

export const command: Command = {
  line,
  execute(args, io) {
    const targets = findTargets(args.positionals, DISK);
    for (const problem of targets.problems) io.complain(`kubedrill: ${problem}`);
    const loaded = loadPlans(targets.files);
    const found = unique([...loaded.diagnostics, ...loaded.plans.flatMap(({ notes }) => notes)]);
    const errors = found.filter(({ severity }) => severity === 'error');
    const warnings = found.filter(({ severity }) => severity === 'warning');
    const shown = args.has('quiet') ? errors : [...errors, ...warnings];
    for (const diagnostic of shown)
      io.out.write(`${diagnosticText(diagnostic, loaded, io.out.columns)}\n\n`);
    const files = `${targets.files.length} ${targets.files.length === 1 ? 'file' : 'files'}`;
    io.out.write(`${files}: ${count(errors, 'error')}, ${count(warnings, 'warning')}\n`);
    const wrong =
      errors.length > 0 ||
      targets.problems.length > 0 ||
      targets.files.length === 0 ||
      (args.has('strict') && warnings.length > 0);
    return wrong ? EXIT.unusable : EXIT.passed;
  },
};

/** Rows of a matrix share their manifests, and so the findings in them. */
function unique(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { code, message, range } = diagnostic;
    found.set(`${range.file}:${range.line}:${range.column} ${code} ${message}`, diagnostic);
  }
  return [...found.values()];
}

function count(found: readonly unknown[], noun: string): string {
  return `${found.length} ${noun}${found.length === 1 ? '' : 's'}`;
}
