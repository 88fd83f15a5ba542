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

/** Fields of a query or a form. The first of a name counts. */
export class Fields {
  readonly #text: string;
  #decoded: URLSearchParams | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get(name: string): string | undefined {
    const text = this.#text;
    if (text === '') return undefined;
    if (this.#decoded === undefined) {
      if (!ENCODED.test(text)) return plainField(text, name);
      this.#decoded = new URLSearchParams(text);
    }
    return this.#decoded.get(name) ?? undefined;
  }
}

const ENCODED = /[%+?]/;

/** Nearly all queries stand there as they are meant. */
function plainField(text: string, name: string): string | undefined {
  for (let at = 0; at < text.length;) {
    const next = text.indexOf('&', at);
    const end = next < 0 ? text.length : next;
    if (text.startsWith(name, at)) {
      const behind = at + name.length;
      if (behind === end) return '';
      if (text[behind] === '=') return text.slice(behind + 1, end);
    }
    at = end + 1;
  }
  return undefined;
}

/** Fields of the query and of the body; the body's count first. */
export function formOf({ body }: DiscoveryRequest, query: Fields): Pick<Fields, 'get'> {
  const form = new Fields(body);
  return { get: (name) => form.get(name) ?? query.get(name) };
}
