import { readFile } from 'node:fs/promises';

/** Of the kernel's clock ticks, which are 10 ms on every Linux that Node runs on. */
const MICROS_A_TICK = 10_000;

/** Processor time that these processes have used so far, in µs. */
export async function processorMicros(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8');
      // Behind the name, which may have spaces: state is the first field, utime the 12th, stime the 13th.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return Number(fields[11]) + Number(fields[12]);
    }),
  );
  return ticks.reduce((sum, each) => sum + each, 0) * MICROS_A_TICK;
}
