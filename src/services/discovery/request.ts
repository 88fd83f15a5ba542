/** One HTTP request, read and bounded. */
export interface DiscoveryRequest {
  readonly method: string;
  /** As it came: path and query. */
  readonly target: string;
  /** The Host header; empty when there was none that can stand in a URL. */
  readonly host: string;
  readonly isSecure: boolean;
  readonly body: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  /** Whether the other side has left. */
  readonly isGone: () => boolean;
}

const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** The URLs by which a request may have come: over its own scheme, or through something that speaks TLS for us. */
export function cameBy({ host, isSecure }: DiscoveryRequest, path: string): readonly string[] {
  if (!HOST.test(host)) return [];
  const schemes = isSecure ? ['https', 'http'] : ['http', 'https'];
  return schemes.map((scheme) => `${scheme}://${host}${path}`);
}

/** Fields of the query and of the body; the body's count first. */
export function formOf({ body, target }: DiscoveryRequest): URLSearchParams {
  const at = target.indexOf('?');
  const form = new URLSearchParams(body);
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : target.slice(at + 1))) {
    if (!form.has(name)) form.set(name, value);
  }
  return form;
}
