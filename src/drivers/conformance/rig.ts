import type { DataSight, HostName, ProcessSight } from '../../core/cluster/index.js';
import type { Launch } from '../../core/planner/index.js';
import type { HostDriver } from '../../engine/ports/index.js';

/**
 * What the suite needs from a driver's test bench: real members, and hands to do what people and machines do to them.
 * Every host's member is a cluster of its own (`initial-cluster` names only itself), so that one is enough.
 */
export interface DriverRig {
  readonly driver: HostDriver;
  /** At least two, with nothing on them. */
  readonly hosts: readonly [HostName, HostName, ...HostName[]];
  /** The controller is restarted: a second driver over the same state that remembers nothing. */
  anotherDriver(): Promise<HostDriver>;
  /** The flags of a one-member cluster; a `join` points at a peer URL where nobody listens. */
  launchFor(host: HostName, purpose: Launch['purpose']): Launch;
  /** Deletes the data directory as a careless person would. */
  wipe(host: HostName): Promise<void>;
  /** Deletes the write-ahead log and leaves the database. */
  loseLog(host: HostName): Promise<void>;
  /** Overwrites the beginning of the write-ahead log. */
  scribble(host: HostName): Promise<void>;
  /** Sends a signal to the member's process behind the driver's back. */
  signalMember(host: HostName, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP'): Promise<void>;
  /** Occupies the member's client port until the returned function is called. */
  takeClientPort(host: HostName): Promise<() => Promise<void>>;
  /** Makes the driver's own record point at a living process that is no member, with that process's pid. */
  reusePid(host: HostName): Promise<{ readonly strangerLives: () => boolean | Promise<boolean> }>;
  /** Makes what the driver reads unreadable until the returned function is called. */
  hideState(): Promise<() => Promise<void>>;
  /** True when data that was moved aside is still there. */
  stillKept(movedTo: string): Promise<boolean>;
  /** Each host is a machine of its own, so that the same port, and its loopback, are others on another host. */
  readonly ownMachines?: boolean;
  /** Ends every process and removes every file of this rig. */
  dispose(): Promise<void>;
}

/** Long enough for a slow machine; the suite waits for what it wants to see and never for the time itself. */
const WAIT_MS_MAX = 20_000;
const POLL_MS = 10;
const LINES = 1000;

const NEVER = new AbortController().signal;

/** Observes until the process looks as wanted; fails with what was seen last. */
export async function untilProcess<K extends ProcessSight['kind']>(
  driver: HostDriver,
  host: HostName,
  kind: K,
): Promise<Extract<ProcessSight, { kind: K }>> {
  return await until(async () => {
    const { process } = await driver.observe(host, NEVER);
    return process.kind === kind ? found(process as Extract<ProcessSight, { kind: K }>) : process;
  });
}

export async function untilData<K extends DataSight['kind']>(
  driver: HostDriver,
  host: HostName,
  kind: K,
): Promise<Extract<DataSight, { kind: K }>> {
  return await until(async () => {
    const { data } = await driver.observe(host, NEVER);
    return data.kind === kind ? found(data as Extract<DataSight, { kind: K }>) : data;
  });
}

export async function untilLogSays(
  driver: HostDriver,
  host: HostName,
  words: string,
): Promise<string> {
  return await until(async () => {
    const lines = await driver.logTail(host, LINES, NEVER);
    const line = lines.find((candidate) => candidate.includes(words));
    return line === undefined ? { last: lines.at(-1) } : found(line);
  });
}

const found = <T>(value: T): { readonly found: T } => ({ found: value });

async function until<T>(look: () => Promise<{ readonly found: T } | object>): Promise<T> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const seen = await look();
    if ('found' in seen) return seen.found as T;
    if (performance.now() > untilMs) {
      throw new Error(`waited ${WAIT_MS_MAX} ms, last seen: ${JSON.stringify(seen)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
