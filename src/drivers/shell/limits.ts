/** Scripts that run at the same time on one host: sshd takes 10 sessions on a connection unless it is told otherwise. */
export const SESSIONS_PER_HOST_MAX = 8;

/** How long a connection may take before a person would say that nobody answers. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Login comes after the connection and is not covered by ssh's own time-out. */
export const LOGIN_TIMEOUT_MS = 10_000;

/** How long a question waits for a host that others have waited for in vain: long enough for whoever is back to say so. */
export const IMPATIENT_MS = 250;

/** An idle connection ends by itself after this, so that one whose owner was killed is not there for ever. */
export const IDLE_SECONDS_MAX = 60;
/** A connection whose other side is silent for 15 s is dead. */
export const ALIVE_INTERVAL_SECONDS = 5;
export const ALIVE_COUNT_MAX = 3;

/** A socket's path holds 108 bytes on Linux and 104 elsewhere, and ssh appends 17 while it makes one. */
export const CONTROL_PATH_BYTES_MAX = 104 - 17;

/** What is kept of what ssh or a host says on standard error: the end of it. */
export const STDERR_LENGTH_MAX = 64 * 1024;

/** So many of the directories that killed processes left behind are looked at when a new one is made. */
export const LEFT_DIRECTORIES_MAX = 100;
