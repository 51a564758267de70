// What a target of the scenario is that names nothing.

/** A reference or selector of the scenario that names nothing it could mean. */
export class UnknownTargetError extends Error {
  readonly code = 'UNKNOWN_TARGET';
}
