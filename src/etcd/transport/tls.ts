/** How to reach members over TLS. All material is PEM. */
export interface TLSOptions {
  /** The authorities to trust; the system's when absent. */
  readonly ca?: string | Uint8Array | undefined;
  /** The client's own certificate and key, for members that ask for one. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** Check the member's certificate against this name instead of the endpoint's host. */
  readonly serverName?: string | undefined;
  /** Do not check the member's certificate at all. For a laptop only. */
  readonly insecureSkipVerify?: boolean | undefined;
}
