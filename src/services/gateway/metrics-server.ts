import { type Server, createServer } from 'node:http';

const REQUEST_MS = 5_000;

/** `/metrics` for Prometheus; `/health` as etcd answers it: 200 while a backend is in, else 503. */
export function createMetricsServer(parts: {
  readonly metrics: () => string;
  /** Empty while connections are placed by health, else why they are not. */
  readonly whyUnhealthy: () => string;
}): Server {
  const server = createServer((request, response) => {
    const [path] = (request.url ?? '').split('?');
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      response.end(parts.metrics());
    } else if (path === '/health') {
      const reason = parts.whyUnhealthy();
      response.writeHead(reason === '' ? 200 : 503, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ health: String(reason === ''), reason })}\n`);
    } else response.writeHead(404).end();
  });
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  return server;
}
