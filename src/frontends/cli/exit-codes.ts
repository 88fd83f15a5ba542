/** What a script may rely on (DESIGN.md, "What people and scripts rely on"). */
export const EXIT = {
  /** Done, or nothing to do. */
  done: 0,
  failed: 1,
  /** The command line or the spec is wrong; nothing was touched. */
  usage: 2,
  /** `plan`: there are changes to make. */
  changes: 3,
  blocked: 4,
  waitedTooLong: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
