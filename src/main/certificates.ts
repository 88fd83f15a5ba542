import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Result, err, ok } from '../base/index.js';
import type { CertificatePorts } from '../frontends/cli/index.js';
import type { ClusterName } from '../core/cluster/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import {
  askForRenewal,
  askForRotation,
  askToFinish,
  issueClient,
  parseClientName,
  readAuthorities,
} from '../services/certificates/index.js';
import type { Machine } from './machine.js';
import { fileUnwritable } from './problems.js';

/** The certificates of one cluster of this machine, as the commands see them. */
export function certificatePorts(
  { clock, random }: Machine,
  cluster: {
    readonly name: ClusterName;
    readonly pki: string;
    readonly store: ClusterStore;
  },
): CertificatePorts {
  const directory = cluster.pki;
  return {
    read: () => readAuthorities(directory),
    askForRenewal: () => askForRenewal(directory, clock.now()),
    askForRotation: () => askForRotation(directory, random),
    askToFinish: () => askToFinish(directory),
    parseClientName,
    issue: async ({ name, validityMs, directory: to, replace }) => {
      const wish = await cluster.store.readWish();
      if (!wish.ok) return wish;
      const tls = wish.value?.spec.tls;
      const issued = await issueClient(directory, {
        cluster: cluster.name,
        name,
        validityMs,
        auto: tls?.kind === 'auto' ? tls : {},
        now: clock.now(),
        random,
      });
      if (!issued.ok) return issued;
      const { certificate, key, bundle, notAfter } = issued.value;
      const files = {
        certificate: join(resolve(to), `${name}.crt`),
        key: join(resolve(to), `${name}.key`),
        ca: join(resolve(to), 'ca.crt'),
      };
      const written = await writeAll(resolve(to), replace, [
        [files.key, key, 0o600],
        [files.certificate, certificate, 0o644],
        [files.ca, bundle, 0o644],
      ]);
      return written.ok ? ok({ name, ...files, notAfter }) : written;
    },
  };
}

/** The authorities are replaced always: they are the same for every client. */
async function writeAll(
  directory: string,
  replace: boolean,
  files: readonly (readonly [path: string, text: string, mode: number])[],
): Promise<Result<void>> {
  for (const [path, text, mode] of files) {
    try {
      await mkdir(directory, { recursive: true });
      const flag = replace || path.endsWith('ca.crt') ? 'w' : 'wx';
      await writeFile(path, text, { mode, flag });
      await chmod(path, mode);
    } catch (error) {
      const because = error instanceof Error ? error.message : String(error);
      return err(fileUnwritable({ path, because }));
    }
  }
  return ok(undefined);
}
