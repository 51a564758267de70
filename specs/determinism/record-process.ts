// Preloaded into the processes of `kubedrill verify`: each writes down in what surroundings it runs.

import { appendFileSync } from 'node:fs';

/** The variable that names the file. */
export const RECORD = 'KUBEDRILL_RECORD';

export interface Recorded {
  readonly files: readonly string[];
  readonly flags: readonly string[];
  readonly cwd: string;
  readonly zone: string | undefined;
  readonly locale: string | undefined;
}

const [, program = '', , ...files] = process.argv;
const record = process.env[RECORD];
if (record !== undefined && program.endsWith('journal-process.js')) {
  const { TZ: zone, LC_ALL: locale } = process.env;
  const surroundings: Recorded = {
    files,
    flags: process.execArgv,
    cwd: process.cwd(),
    zone,
    locale,
  };
  appendFileSync(record, `${JSON.stringify(surroundings)}\n`);
}
