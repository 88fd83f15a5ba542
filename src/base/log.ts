export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** A log is for people; nothing reads it back. Never give it a secret. */
export interface Logger {
  log(level: LogLevel, message: string, data?: Readonly<Record<string, unknown>>): void;
}

export const silentLogger: Logger = { log: () => undefined };

/** One JSON line per entry, through `write`; `now` is the time as text. */
export const lineLogger = (write: (line: string) => void, now: () => string): Logger => ({
  log: (level, message, data) => {
    write(
      `${JSON.stringify({ at: now(), level, message, ...data }, (_key, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value,
      )}\n`,
    );
  },
});
