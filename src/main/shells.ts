import { silentLogger } from '../base/index.js';
import type { SSHOptions } from '../core/spec/index.js';
import type { JoinedLooks, OwnKeeper, SSHShell } from '../drivers/shell/index.js';
import type { Machine } from './machine.js';
import { hasEnded, lifeOf } from './own-life.js';

/** One connection to a host is enough for whatever one command does there. */
const open = new Map<string, Promise<SSHShell>>();

/** The shell that logs in as these settings say. */
export function shellWith(machine: Machine, ssh: SSHOptions): Promise<SSHShell> {
  const key = JSON.stringify(ssh);
  const known = open.get(key);
  if (known !== undefined) return known;
  const { clock, random, env } = machine;
  const made = import('../drivers/shell/index.js').then(({ createSSHShell }) =>
    createSSHShell({ ssh, clock, random, env, logger: silentLogger, ...ourselves() }),
  );
  open.set(key, made);
  return made;
}

function ourselves(): { readonly keeper?: OwnKeeper } {
  const life = lifeOf(process.pid);
  if (life === undefined) return {};
  return { keeper: { pid: process.pid, life, hasEnded: async (other) => hasEnded(other) } };
}

/** The same shell, for one cluster whose turns ask each host once. */
export async function joinedLooksOver(machine: Machine, ssh: SSHOptions): Promise<JoinedLooks> {
  const { clock, random } = machine;
  const [{ createJoinedLooks }, shell] = await Promise.all([
    import('../drivers/shell/index.js'),
    shellWith(machine, ssh),
  ]);
  return createJoinedLooks({ shell, clock, random });
}

/** Ends every connection; before the process does. */
export async function closeShells(): Promise<void> {
  const shells = await Promise.all(open.values());
  open.clear();
  await Promise.all(shells.map((shell) => shell.close()));
}
