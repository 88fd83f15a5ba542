import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface KubePrograms {
  readonly kubeApiserver: string;
  readonly flanneld: string;
}

/** Where they are built to, or where a person says they are. */
const directory = (): string =>
  process.env['QUORATE_LAB_KUBE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'quorate', 'lab-kube', 'bin');

/** The real programs, or why this machine has none. */
export async function kubePrograms(): Promise<KubePrograms | string> {
  const programs = {
    kubeApiserver: join(directory(), 'kube-apiserver'),
    flanneld: join(directory(), 'flanneld'),
  };
  for (const path of Object.values(programs)) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!isThere) return `there is no ${path}; test/lab/kube/build.sh builds it`;
  }
  return programs;
}
