/** What the bench tells a client's process, one document a line. */
export interface Order {
  readonly op: 'range' | 'put';
  readonly inFlight: number;
  readonly ms: number;
}

/** What the process answers. */
export interface Measurement {
  readonly ops: number;
  readonly failed: number;
  readonly opsPerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the client's whole process, per operation. */
  readonly cpuUsPerOp: number;
}

export const KEYS = 1_000;
export const VALUE_BYTES = 256;
