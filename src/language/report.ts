// Collects diagnostics. The same finding at the same place is kept once: the rows of a matrix and
// the heirs of a scenario find it again and again.

import type { Diagnostic, Severity } from '../values/diagnostic';
import { compareText } from '../values/order';
import type { DiagnosticCode } from './diagnostic-codes';
import { rangeOf } from './source-text';
import type { Place } from './source-text';

export class Report {
  private readonly found = new Map<string, Diagnostic>();
  private errors = 0;

  error(code: DiagnosticCode, place: Place, message: string, hint?: string): void {
    this.add(code, 'error', place, message, hint);
  }

  warn(code: DiagnosticCode, place: Place, message: string, hint?: string): void {
    this.add(code, 'warning', place, message, hint);
  }

  /** Takes over what another report found. */
  include(diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) {
      const { code, message, range } = diagnostic;
      const key = `${range.file}:${range.line}:${range.column} ${code} ${message}`;
      if (this.found.has(key)) continue;
      this.found.set(key, diagnostic);
      if (diagnostic.severity === 'error') this.errors++;
    }
  }

  get hasErrors(): boolean {
    return this.errors > 0;
  }

  /** Whether there is an error of one of these codes. */
  hasError(...codes: readonly DiagnosticCode[]): boolean {
    const wanted: ReadonlySet<string> = new Set(codes);
    return [...this.found.values()].some(
      ({ code, severity }) => severity === 'error' && wanted.has(code),
    );
  }

  /** Everything found so far, by file and place. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.found.values()].sort(byPlace);
  }

  private add(
    code: DiagnosticCode,
    severity: Severity,
    place: Place,
    message: string,
    hint: string | undefined,
  ): void {
    const range = rangeOf(place);
    this.include([{ code, severity, message, range, ...(hint !== undefined && { hint }) }]);
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.range.file, b.range.file) ||
    a.range.line - b.range.line ||
    a.range.column - b.range.column ||
    compareText(a.code, b.code)
  );
}
