import { existsSync, unlinkSync } from 'node:fs';
import { type Server, connect } from 'node:net';
import { type Result, err, ok } from '../../base/index.js';
import { type ListenAddress, listenText } from './addresses.js';
import { gatewayListenFailed } from './problems.js';

/** Listens there; answers the address it has now, which for port 0 is the port that was free. */
export async function listenOn(
  server: Server,
  address: ListenAddress,
): Promise<Result<ListenAddress>> {
  if (address.kind === 'unix') await removeLeftSocket(address.path);
  return await new Promise((resolve) => {
    const failed = (error: Error) => {
      const because = `${error.message}.`;
      resolve(err(gatewayListenFailed({ address: listenText(address), because })));
    };
    server.once('error', failed);
    const listening = () => {
      server.off('error', failed);
      resolve(ok(addressOf(server, address)));
    };
    if (address.kind === 'unix') server.listen({ path: address.path }, listening);
    else if (address.host === '') server.listen({ port: address.port }, listening);
    else server.listen({ host: address.host, port: address.port }, listening);
  });
}

function addressOf(server: Server, asked: ListenAddress): ListenAddress {
  const now = server.address();
  if (asked.kind === 'unix' || now === null || typeof now === 'string') return asked;
  return { kind: 'tcp', host: now.address, port: now.port };
}

/** A socket that a process left behind when it was killed: nobody listens there any more. */
async function removeLeftSocket(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const isLeft = await new Promise<boolean>((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
  if (!isLeft) return;
  try {
    unlinkSync(path);
  } catch {
    // Listening will say what is wrong with it.
  }
}
