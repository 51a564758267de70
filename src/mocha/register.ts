// `mocha --require kubedrill/register --extension yaml 'scenarios/**/*.yaml'`: mocha loads its
// files by `require`, so a YAML file becomes suites when it is required. What is wrong with a
// file becomes a failing test: an exception here would end the whole run without a report.

import * as path from 'node:path';
import { InvalidScenario, pointAt } from '../chai/failure';
import { diagnosticText, loadPlans } from './load-plans';
import type { Bdd } from './suite';
import { describePlans, describeProblems } from './suite';
import { toolsFor } from './tools';

for (const extension of ['.yaml', '.yml']) {
  // Deprecated for what compilers once did with it, and still what mocha's `require` goes through.
  require.extensions[extension] = (_module, file) => describeFile(file);
}

/** Registers the suites of one file with the mocha that is loading it. */
function describeFile(absolute: string): void {
  const file = path.relative(process.cwd(), absolute).split(path.sep).join('/');
  const bdd = words(file);
  try {
    const loaded = loadPlans([file]);
    const errors = loaded.broken.get(file);
    const text = {
      diagnosticText: (found: Parameters<typeof diagnosticText>[0]) =>
        diagnosticText(found, loaded),
    };
    if (errors !== undefined) describeProblems(bdd, file, errors, text);
    const selection = loaded.plans.map((plan) => ({ plan }));
    describePlans(bdd, selection, toolsFor(loaded, seedOf(process.env['KUBEDRILL_SEED'])));
  } catch (error) {
    describeCrash(bdd, file, error);
  }
}

function describeCrash(bdd: Bdd, file: string, error: unknown): void {
  bdd.describe('scenario loads', () => {
    bdd.it('without an error of kubedrill itself', () => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw pointAt(new InvalidScenario([], text), 'scenario loads', { file, line: 1, column: 1 });
    });
  });
}

/** Mocha's globals by the names of its interfaces `bdd` and `tdd`. */
function words(file: string): Bdd {
  const globals = globalThis as unknown as Record<string, unknown>;
  const describe = globals['describe'] ?? globals['suite'];
  const it = globals['it'] ?? globals['test'];
  const before = globals['before'] ?? globals['suiteSetup'];
  if (typeof describe !== 'function') {
    throw new Error(`${file} can only be loaded by mocha, or run by \`npx kubedrill run ${file}\``);
  }
  return { describe, it, before } as unknown as Bdd;
}

function seedOf(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : 1;
}
