import { readFile } from 'node:fs/promises';
import { type Answer, answerOf } from './commands.js';
import type { Cgroups } from './cgroups.js';

/** A host's first process as this machine sees it, and who started it. */
export interface Init {
  readonly pid: number;
  /** A process outside the host that sees the host's disks mounted. */
  readonly supervisor: number;
  /** What a process of this host may ever do. */
  readonly capabilities: bigint;
}

/** Undefined while the host is off or has not come that far. */
export async function initOf(cgroups: Cgroups, host: string): Promise<Init | undefined> {
  for (const pid of await cgroups.pidsOf(host)) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    // Its numbers are: here (perhaps several), in the keeper's processes, in the host’s.
    const numbers = field(status, 'NSpid').split(/\s+/);
    if (numbers.length !== 3 || numbers.at(-1) !== '1' || field(status, 'Name') !== 'systemd') {
      continue;
    }
    return {
      pid,
      supervisor: Number(field(status, 'PPid')),
      capabilities: BigInt(`0x${field(status, 'CapBnd')}`),
    };
  }
  return undefined;
}

const field = (status: string, name: string): string =>
  new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';

/**
 * Runs a script as the host's root without SSH. Only with what the host itself may do: with the machine's own
 * capabilities, a script that sets the clock would set the machine's.
 */
export async function runInside(
  { pid, capabilities }: Init,
  script: string,
  stdin: string | Uint8Array = '',
): Promise<Answer> {
  const bounding = ['-all', ...capabilitiesIn(capabilities)].join(',');
  const drop = ['setpriv', '--inh-caps=-all', `--bounding-set=${bounding}`];
  const enter = ['nsenter', '--target', `${pid}`, '--all', '--', '/bin/sh', '-c', script];
  return await answerOf([...drop, ...enter], {
    stdin,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
    },
  });
}

function capabilitiesIn(set: bigint): readonly string[] {
  const names: string[] = [];
  for (let number = 0; set >> BigInt(number) > 0n; number++) {
    if (((set >> BigInt(number)) & 1n) === 1n) names.push(`+cap_${number}`);
  }
  return names;
}
