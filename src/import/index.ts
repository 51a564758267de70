// Definitions of faults in the formats of others become scenarios.
// Responsible for: reading those formats, saying what of them has no counterpart, writing YAML.
// May not: know the model, run anything, read or write files.

export { importObject } from './chaos-mesh/objects';
export type { Span } from './chaos-mesh/schedule';
export { formatRemark } from './remark';
export type { Remark } from './remark';
export type { ImportedObject } from './timeline';
export { writeScenario } from './write-scenario';
