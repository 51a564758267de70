// Which kubedrill wrote a report.

import * as fs from 'node:fs';
import * as path from 'node:path';

/** The version in the package.json that this file belongs to. */
export function packageVersion(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (fs.existsSync(file)) {
      const found = JSON.parse(fs.readFileSync(file, 'utf8')) as {
        name?: string;
        version?: string;
      };
      if (found.name === 'kubedrill' && found.version !== undefined) return found.version;
    }
    if (folder === path.dirname(folder)) return 'unknown';
  }
}
