/** The limits of a transport; each can be set by whoever makes a client. */
export interface TransportLimits {
  /** From the first packet to the server's HTTP/2 settings, TLS included. */
  readonly connectTimeoutMs: number;
  /** An answer above this is not read. etcd has no limit of its own on answers. */
  readonly answerBytesMax: number;
  /** A request above this is not sent. etcd's default limit is 1.5 MiB. */
  readonly requestBytesMax: number;
  /** While calls are open and nothing arrives: a ping this often. etcd hangs up below 5 s. */
  readonly keepaliveIntervalMs: number;
  /** How long a ping may go unanswered. */
  readonly keepaliveTimeoutMs: number;
}

export const DEFAULT_LIMITS: TransportLimits = {
  connectTimeoutMs: 2_000,
  answerBytesMax: 256 * 1024 * 1024,
  requestBytesMax: 64 * 1024 * 1024,
  keepaliveIntervalMs: 10_000,
  keepaliveTimeoutMs: 3_000,
};

/** etcd counts a ping within its `--grpc-keepalive-min-time` (5 s) of the last one as an offence, and a third ends the connection. */
export const KEEPALIVE_INTERVAL_MIN_MS = 5_000;

/** Messages a stream holds before it stops reading from the socket. */
export const STREAM_QUEUE_MAX = 16;

/** Bytes of requests on one stream that a server has not taken yet. */
export const SEND_QUEUE_MAX_BYTES = 8 * 1024 * 1024;

/** Flow-control windows: a snapshot at 1 Gbit/s and 50 ms of distance needs about 6 MiB under way. */
export const STREAM_WINDOW_BYTES = 4 * 1024 * 1024;
export const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;

/** A header list of an answer, counted as RFC 9113 §6.5.2 does; the server is told. etcd's are below 1 KiB. */
export const HEADER_LIST_MAX_BYTES = 64 * 1024;
/** The same list on the wire: more bytes, or more frames, end the connection before they are decoded. */
export const HEADER_BLOCK_MAX_BYTES = 128 * 1024;
export const HEADER_FRAMES_MAX = 32;

/** Answers to pings and settings that wait because the server does not read; more end the connection. */
export const ACKS_MAX = 1_000;
