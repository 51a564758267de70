// The streams that a command writes to, so that a spec can listen in place of the terminal.

import type { Output } from '../../reporters/output';
import { openOutput } from '../../reporters/output';

export interface Io {
  readonly out: Output;
  /** What is no result: mistakes of usage, errors of kubedrill. One line or more. */
  complain(text: string): void;
}

/** The streams of the process. A reader that closes its end of a pipe ends the output, no more. */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    out: openOutput(),
    complain: (text) => void process.stderr.write(`${text}\n`),
  };
}
