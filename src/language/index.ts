// The scenario language: YAML text becomes plans or diagnostics.
//
// Responsible for: reading files and cutting streams into documents; the two readings of unquoted
// words; the shape of scenarios (validated by what the build compiled); durations, references and
// destinations as people write them; `extends` and `matrix`; the defaults of a cluster; manifests
// with their namespaces; every check that needs no model; sentences, places and hints for people.
//
// May not: know a fault, an action, a claim or a kind by name (they are handed in by the lexicon),
// know any behaviour of the model, move time, draw random numbers, run or print anything.

export { formatDiagnostic, formatDiagnostics } from './code-frame';
export { compileScenario } from './compile';
export { DIAGNOSTIC_CODES } from './diagnostic-codes';
export type { DiagnosticCode } from './diagnostic-codes';
export { duration, instant, parseDuration, parseInstant, parseWindow } from './duration';
export { FORMS } from './json-schema';
export type { Form, FromSchema } from './json-schema';
export type { JsonSchema, Lexicon, Word } from './lexicon';
export { loadScenarios } from './load';
export type { LoadedFile, LoadedScenarios, LoadOptions } from './load';
export type * from './plan';
export { parseDestination, parseReference, parseTuple } from './reference';
export type { DestinationText, Reference, TupleText } from './reference';
export { scenarioSchema } from './scenario-schema';
export { DISK } from './source';
export type { Files, FileText } from './source';
