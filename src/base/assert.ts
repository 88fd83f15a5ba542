/** Thrown when our own code is wrong; never for what the world may do. */
export class BugError extends Error {
  override readonly name = 'BugError';
}

/** Holds in production too: better no action than a wrong one. */
export function assert(condition: unknown, message: string): asserts condition {
  if (condition !== true && !condition) throw new BugError(`This is a bug in Quorate: ${message}`);
}

/** The end of an exhaustive switch: a new kind breaks the build here. */
export function assertNever(value: never): never {
  throw new BugError(`This is a bug in Quorate: unexpected ${JSON.stringify(value)}`);
}
