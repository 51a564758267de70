// Where a reporter's text goes: standard output, or a file whose folders are made on the way.

import * as fs from 'node:fs';
import * as path from 'node:path';

export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** A report that cannot be written where the user wants it: a mistake of usage, not a crash. */
export class UnwritableReport extends Error {
  readonly file: string;

  constructor(file: string, cause: unknown) {
    const code = (cause as { code?: string }).code ?? String(cause);
    super(`cannot write the report ${file}: ${REASONS[code] ?? code}`);
    this.name = 'UnwritableReport';
    this.file = file;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EEXIST: 'a part of its path is a file, not a folder',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
};

/**
 * The place to write to; standard output without a file. Makes the file's folders and opens it
 * at once, so that a place which cannot be written is known before anything runs.
 * Throws UnwritableReport.
 */
export function openOutput(file?: string): Output {
  return file === undefined ? STANDARD_OUTPUT : new FileOutput(file);
}

/** The width that the user asks for (`COLUMNS=80`): a pipe has none of its own. */
export function columnsOf(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env['COLUMNS'];
  return text !== undefined && /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

class FileOutput implements Output {
  readonly isTTY = false;
  readonly columns = 100;
  private readonly file: string;
  private begun = false;

  constructor(file: string) {
    this.file = file;
    try {
      fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true });
      fs.closeSync(fs.openSync(file, 'a'));
    } catch (cause) {
      throw new UnwritableReport(file, cause);
    }
  }

  write(text: string): void {
    try {
      if (this.begun) fs.appendFileSync(this.file, text);
      else fs.writeFileSync(this.file, text);
      this.begun = true;
    } catch (cause) {
      throw new UnwritableReport(this.file, cause);
    }
  }
}

const STANDARD_OUTPUT: Output = {
  write(text) {
    process.stdout.write(text);
  },
  get isTTY() {
    return process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  },
  get columns() {
    return columnsOf(process.env) ?? process.stdout.columns ?? 100;
  },
};
