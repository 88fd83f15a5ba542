import { createServer } from 'node:net';

/** Below the range from which the kernel gives ports to clients (lab-etcd 2.4), and above what products take first. */
const FROM = 28_000;
const TO = 32_000;
const TRIES = 50;

/** A URL of this machine on a port that nobody uses now. */
export async function freeURL(): Promise<string> {
  for (let i = 0; i < TRIES; i++) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM));
    if (await isFree(port)) return `http://127.0.0.1:${port}`;
  }
  throw new Error(`No free port between ${FROM} and ${TO}.`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
