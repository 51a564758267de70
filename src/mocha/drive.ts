// Mocha without its command line: no configuration, no loading of files, no globals.

import Mocha from 'mocha';
import type { Bdd } from './suite';

export interface DriveOptions {
  /** Stops after the first test that fails. */
  readonly bail: boolean;
  readonly reporter: new (runner: Mocha.Runner, options?: object) => object;
  readonly reporterOptions: Readonly<Record<string, unknown>>;
}

/** Runs the suites that `define` registers, and resolves when the reporters have written. */
export function drive(define: (bdd: Bdd) => void, options: DriveOptions): Promise<void> {
  const mocha = new Mocha({
    ui: 'bdd',
    bail: options.bail,
    timeout: 0,
    reporter: options.reporter as Mocha.ReporterConstructor,
    reporterOptions: options.reporterOptions,
  });
  const words = {} as Bdd & Mocha.MochaGlobals;
  mocha.suite.emit('pre-require', words, '', mocha);
  define(words);
  return new Promise((resolve) => {
    mocha.run(() => {
      mocha.dispose();
      resolve();
    });
  });
}
