// What a target of the scenario is that names nothing.

/** A reference or selector of the scenario that names nothing it could mean. */
export class UnknownTargetError extends Error {
  readonly code = 'UNKNOWN_TARGET';
}

/** Throws UnknownTargetError where there is a reason against it. */
export function unless(reason: string | undefined): void {
  if (reason !== undefined) throw new UnknownTargetError(reason);
}
