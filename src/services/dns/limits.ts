/** The limits of a DNS server of ours; each can be set by whoever makes one. */
export interface DNSServerLimits {
  /** Longest query that is read. A longer datagram is dropped, a longer TCP message ends its connection. */
  readonly queryBytesMax: number;
  /** Longest answer over UDP, whatever the client says it can take: below what networks break apart. */
  readonly udpAnswerBytesMax: number;
  /** TCP connections at once; beyond that the one that was quiet for longest is closed. */
  readonly connectionsMax: number;
  /** How long a TCP connection may take for its next whole query. */
  readonly connectionIdleMs: number;
  /** Answers over UDP a second to one network (IPv4: /24, IPv6: /56); what comes beyond is dropped or sent to TCP. */
  readonly answersPerSecond: number;
  /** Answers that a network may save up. */
  readonly answersBurst: number;
  /** Of the answers that are too many, each n-th is sent empty and truncated, so that a true client comes back over TCP. */
  readonly slip: number;
  /** Networks remembered; the one that asked longest ago is forgotten. */
  readonly networksMax: number;
}

/** A birth asks about ten questions a member, all at once and perhaps from behind one address. */
export const DEFAULT_DNS_LIMITS: DNSServerLimits = {
  queryBytesMax: 4_096,
  udpAnswerBytesMax: 1_232,
  connectionsMax: 256,
  connectionIdleMs: 10_000,
  answersPerSecond: 200,
  answersBurst: 400,
  slip: 2,
  networksMax: 10_000,
};
