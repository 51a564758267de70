// What a user waits for before the first verdict: the command line on one small scenario, against
// a Node process that does nothing.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from './measure';
import type { Measurement } from './measure';
import { SMALL_SCENARIO } from './scenario';

const MAIN = join(__dirname, '../src/cli/main.js');

export function startupMeasurements(): Measurement[] {
  const folder = mkdtempSync(join(tmpdir(), 'kubedrill-bench-'));
  const file = join(folder, 'small.yaml');
  writeFileSync(file, SMALL_SCENARIO);
  const node = (...args: readonly string[]) => {
    execFileSync(process.execPath, args, { stdio: 'ignore' });
    return 1;
  };
  try {
    return [
      compare({
        name: 'start-up: kubedrill run, one small scenario',
        unit: 'runs',
        yardstick: 'node -e 0',
        subject: () => node(MAIN, 'run', file),
        base: () => node('-e', '0'),
        rounds: 7,
      }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
