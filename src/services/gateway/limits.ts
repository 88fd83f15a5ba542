/** The limits of a gateway; each can be set by whoever makes one. */
export interface GatewayLimits {
  /** Live client connections at once; the next one is closed at once. Each takes two file descriptors. */
  readonly connectionsMax: number;
  /** Bytes held for one direction of one connection before its sender is not read any more. */
  readonly bufferBytesMax: number;
  /** How long one backend may take to accept a connection. */
  readonly dialTimeoutMs: number;
  /** After so long without a connection the next backend is dialled as well; the first to accept is taken. */
  readonly dialNextAfterMs: number;
  /** Between an answer and the next probe of the same backend. */
  readonly probeIntervalMs: number;
  /** How long a backend may take to answer a probe. Two silent probes in a row close its live connections. */
  readonly probeDeadlineMs: number;
  /** How long connections to a backend that left, or of a gateway that ends, may finish what they do. */
  readonly drainMs: number;
}

/** Interval and two deadlines together are about a second: that is how soon a hung backend is given up. */
export const DEFAULT_GATEWAY_LIMITS: GatewayLimits = {
  connectionsMax: 8_192,
  bufferBytesMax: 256 * 1024,
  dialTimeoutMs: 2_000,
  dialNextAfterMs: 250,
  probeIntervalMs: 300,
  probeDeadlineMs: 400,
  drainMs: 10_000,
};
