import { bringUpByHand } from './by-hand.js';
import { cachedEtcd } from './cached-etcd.js';
import { firstAcknowledgedWrite } from './first-write.js';
import { type Report, type Row, against, machine, median, quantile, within } from './harness.js';
import { newHome } from './quorate.js';

const ENDPOINT_LOOKS_MAX = 5000;

/** From nothing to the first acknowledged write: `quorate up` against members started in parallel by hand. */
export async function benchBringUp(options: {
  readonly runs: number;
  readonly size: number;
  readonly progress: (line: string) => void;
}): Promise<Report> {
  const { runs, size } = options;
  const etcd = await cachedEtcd();
  const ours: number[] = [];
  const theirs: number[] = [];
  const whole: number[] = [];
  for (let i = 0; i < runs; i++) {
    // Interleaved, so that whatever else the machine does falls on both.
    const run = await bringUpByQuorate(size);
    ours.push(run.firstWriteMs);
    whole.push(run.wholeMs);
    theirs.push(await bringUpByHand(etcd, size));
    options.progress(
      `${i + 1}/${runs}  ours ${ours[i]?.toFixed(0)} ms (whole command ${whole[i]?.toFixed(0)} ms), by hand ${theirs[i]?.toFixed(0)} ms`,
    );
  }
  const rows: Row[] = [
    against('first write, median', median(ours), median(theirs), 0.2),
    against('first write, p95', quantile(ours, 0.95), quantile(theirs, 0.95), 0.5),
    within('first write, p95 from the first spawn', quantile(ours, 0.95), 250),
    within('whole `quorate up`, median', median(whole), 1000),
    within('whole `quorate up`, p95', quantile(whole, 0.95), 1000),
  ];
  return { name: `bring-up of ${size} members, ${runs} runs each`, machine: machine(), rows };
}

async function bringUpByQuorate(
  size: number,
): Promise<{ readonly firstWriteMs: number; readonly wholeMs: number }> {
  const home = await newHome();
  try {
    const startedAt = performance.now();
    const { spawnedAt, exit } = await home.up('--size', String(size));
    const writtenAt = await firstAcknowledgedWrite(await endpoints(home.clientURLs));
    return { firstWriteMs: writtenAt - spawnedAt, wholeMs: (await exit) - startedAt };
  } finally {
    await home.dispose();
  }
}

async function endpoints(read: () => Promise<readonly string[]>): Promise<readonly string[]> {
  for (let look = 0; look < ENDPOINT_LOOKS_MAX; look++) {
    const urls = await read();
    if (urls.length > 0) return urls;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error('The record never named an endpoint');
}
