import { err, ok, type Result } from '../base/index.js';

/** Where a member serves clients, as this client dials it. */
export interface Endpoint {
  /** Canonical, and the key of the connection: `http://127.0.0.1:2379`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

const PATTERN =
  /^(?:(https?):\/\/)?(?:\[([0-9a-fA-F]*:[0-9a-fA-F:.]*)\]|([^/:\s[\]@]+))(?::(\d{1,5}))?\/?$/;

/**
 * Reads `http://host:2379`, `https://[::1]:2379` or `host:2379`. Without a scheme it is plain, or TLS when the
 * client has TLS settings (as etcdctl does). The error is one sentence that says what is wrong.
 */
export function parseEndpoint(text: string, hasTLS: boolean): Result<Endpoint, string> {
  const match = PATTERN.exec(text.trim());
  if (match === null) {
    return err(`“${text}” is no endpoint; write it as http://host:2379 or https://host:2379.`);
  }
  const [, scheme = hasTLS ? 'https' : 'http', bracketed, plain = '', portText] = match;
  if (portText === undefined) return err(`The endpoint “${text}” has no port; etcd’s is 2379.`);
  const port = Number(portText);
  if (port < 1 || port > 65_535) return err(`The endpoint “${text}” has no valid port.`);
  const host = (bracketed ?? plain).toLowerCase();
  const url = `${scheme}://${bracketed === undefined ? host : `[${host}]`}:${port}`;
  return ok({ url, host, port, secure: scheme === 'https' });
}
