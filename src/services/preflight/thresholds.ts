/**
 * Every number that a verdict turns on, with where it comes from. etcd's own documentation is meant by "tuning", "hardware"
 * and "faq".
 */

/** 99 of 100 fdatasync calls of the log should be faster (faq, "etcd_disk_wal_fsync_duration_seconds"). */
export const FDATASYNC_GOOD_P99_MS = 10;
/**
 * A leader whose writes take as long as the default heartbeat cannot beat in time and is deposed again and again (tuning:
 * heartbeats wait for the disk).
 */
export const FDATASYNC_BAD_P99_MS = 100;
/** Fewer timings than this say nothing about the slowest one in a hundred. */
export const TIMINGS_FOR_P99 = 100;

/** etcd's log takes two segments of 64 MiB at once, and its database begins beside them. */
export const SPACE_TO_START_BYTES = 256 * 1024 ** 2;
/** A segment of the log is a file, and there are few; this leaves room for everybody else on the disk too. */
export const FILES_TO_START = 1000;
/** etcd's own default for how large the database may grow (tuning, "storage size limit"). */
export const DEFAULT_QUOTA_BYTES = 2 * 1024 ** 3;

/** "etcd typically runs well with 8GB of RAM" (hardware); below a quarter of it the database is read from the disk. */
export const MEMORY_GOOD_BYTES = 2 * 1024 ** 3;
/** An idle member holds 33 MB, a snapshot on its way to a newcomer as much as the database (measured, 3.5 and 3.6). */
export const MEMORY_FREE_BYTES = 128 * 1024 ** 2;
/** "Typical clusters need two to four cores" (hardware). */
export const PROCESSORS_GOOD = 2;

/** etcd itself warns of peers whose clocks differ by more (rafthttp, "clock difference … is too high"). */
export const CLOCK_GOOD_MS = 1000;
/** Certificates that we make begin this long before they are made: on a clock further behind they are not valid yet. */
export const CLOCK_BAD_MS = 5 * 60_000;

/** etcd's default; a round trip should not be longer (tuning: "0.5–1.5 × the round-trip time"). */
export const DEFAULT_HEARTBEAT_MS = 100;

/** `ExecStartPre=+`, on which the member's unit relies, is of 231; `RestrictNamespaces=` of 233. */
export const SYSTEMD_NEEDED = 233;
/** `ProtectProc=` is of 247; older ones ignore it and say so in the journal. */
export const SYSTEMD_GOOD = 247;
