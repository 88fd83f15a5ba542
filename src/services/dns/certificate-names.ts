import { connect } from 'node:tls';

/**
 * The names in the certificate of whoever listens there, whether or not it is to be trusted; undefined when nobody does.
 * Nothing is sent: a server shows its certificate before it asks for ours.
 */
export function certificateNames(
  at: { readonly address: string; readonly port: number; readonly name: string },
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
): Promise<readonly string[] | undefined> {
  return new Promise((resolve) => {
    const socket = connect({
      host: at.address,
      port: at.port,
      servername: at.name,
      // Whether peers trust it is theirs to judge; here it is about the names.
      rejectUnauthorized: false,
    });
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      const text = socket.getPeerX509Certificate()?.subjectAltName;
      socket.destroy();
      resolve(text === undefined ? undefined : namesIn(text));
    };
    const timer = setTimeout(end, deadlineMs);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    socket.once('secureConnect', end);
    socket.once('error', end);
  });
}

/** `DNS:a.example.com, IP Address:10.0.0.1`. */
export const namesIn = (subjectAltName: string): readonly string[] =>
  subjectAltName
    .split(', ')
    .map((each) => each.replace(/^(DNS|IP Address):/, '').replace(/^"(.*)"$/, '$1'));
