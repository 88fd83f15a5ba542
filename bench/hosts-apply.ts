import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seatFiles } from '../src/services/certificates/index.js';
import type { HostsLab } from '../test/lab/hosts/index.js';
import { firstAcknowledgedWrite } from './first-write.js';
import { type Members, clientURLs } from './hosts-by-script.js';
import { type Home, newHome } from './quorate.js';

export type Mode = 'plain' | 'tls';

/** A new seat with a spec for these members. */
export async function newSeat(
  lab: HostsLab,
  members: Members,
  mode: Mode,
): Promise<{ readonly home: Home; readonly spec: string; readonly name: string }> {
  const home = await newHome();
  const spec = join(home.dir, 'spec.yaml');
  const name = 'bench';
  await writeFile(
    spec,
    JSON.stringify({
      apiVersion: 'quorate.dev/v1alpha1',
      kind: 'EtcdCluster',
      metadata: { name },
      spec: {
        version: '3.6',
        driver: { ssh: { configFile: lab.sshConfigFile } },
        ...(mode === 'plain' ? { tls: 'off' } : {}),
        members: members.map((each) => ({ name: each.name, host: each.host.address })),
      },
    }),
  );
  return { home, spec, name };
}

/** From before the command is started to the first acknowledged write, and to the command's end; in milliseconds. */
export async function bearByApply(
  lab: HostsLab,
  members: Members,
  mode: Mode,
): Promise<{ readonly firstWriteMs: number; readonly appliedMs: number }> {
  const { home, spec, name } = await newSeat(lab, members, mode);
  try {
    const startedAt = performance.now();
    const applying = home.quorate('apply', '-f', spec);
    const { own, trust } = seatFiles(join(home.dir, 'clusters', name, 'pki')).client;
    const written =
      mode === 'plain'
        ? firstAcknowledgedWrite(clientURLs(members))
        : firstAcknowledgedWrite(
            clientURLs(members).map((url) => url.replace('http:', 'https:')),
            { caFile: trust, certFile: own, keyFile: own },
          );
    written.catch(() => undefined);
    await applying;
    const appliedMs = performance.now() - startedAt;
    return { firstWriteMs: (await written) - startedAt, appliedMs };
  } finally {
    await rm(home.dir, { recursive: true, force: true });
  }
}
