import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Names one process of this machine for good: the boot, the space in which its pid counts, and when it was started.
 * Undefined where there is no /proc.
 */
export function lifeOf(pid: number, proc = '/proc'): string | undefined {
  try {
    const boot = readFileSync(`${proc}/sys/kernel/random/boot_id`, 'utf8').trim();
    return `${boot}/${readlinkSync(`${proc}/self/ns/pid`)}/${statOf(pid, proc).startTicks}`;
  } catch {
    return undefined;
  }
}

/**
 * Whether the process that was named so has ended for certain. False for one of another machine, another boot or another
 * container, of which nothing can be known here.
 */
export function hasEnded({ pid, life }: { readonly pid: number; readonly life: string }): boolean {
  const own = lifeOf(process.pid);
  if (own === undefined || placeOf(own) !== placeOf(life)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
    // Somebody else's, which lives.
  }
  try {
    const { state, startTicks } = statOf(pid, '/proc');
    return state === 'Z' || state === 'X' || !life.endsWith(`/${startTicks}`);
  } catch {
    return false;
  }
}

const placeOf = (life: string): string => life.slice(0, life.lastIndexOf('/'));

function statOf(
  pid: number,
  proc: string,
): { readonly state: string; readonly startTicks: string } {
  const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === undefined || startTicks === undefined) throw new Error(`no stat of ${pid}`);
  return { state, startTicks };
}
