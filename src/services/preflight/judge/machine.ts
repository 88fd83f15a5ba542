import { formatSizeBytes } from '../../../base/index.js';
import type { HostFacts, Memory } from '../facts.js';
import { MEMORY_FREE_BYTES, MEMORY_GOOD_BYTES, PROCESSORS_GOOD } from '../thresholds.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** etcd starts on these by itself; on others only when it is told that nobody tests it there. */
const SUPPORTED = new Set(['x86_64', 'aarch64', 'ppc64le', 's390x', 'arm64', 'riscv64']);

export function judgeMachine(host: string, facts: HostFacts): readonly Verdict[] {
  return [
    judgeSystem(host, facts),
    judgeProcessors(host, facts.processors),
    judgeMemory(host, facts.memory),
    judgeSwap(host, facts.memory),
  ];
}

function judgeSystem(host: string, { system, kernel, machine }: HostFacts): Verdict {
  const says = judgeOf('system', host);
  const named = [system, kernel === undefined ? undefined : `kernel ${kernel}`, machine];
  const all = named.filter((each) => each !== undefined).join(', ');
  if (machine === undefined || SUPPORTED.has(machine)) return says.ok(all);
  return says.problem(`etcd does not start on ${machine} by itself (${all})`, {
    hint: 'Take a host with a 64-bit processor that etcd supports: amd64, arm64, ppc64le or s390x.',
  });
}

function judgeProcessors(host: string, processors: number | undefined): Verdict {
  const says = judgeOf('processors', host);
  if (processors === undefined) return says.unseen('The processors were not seen');
  const count = `${processors} processor${processors === 1 ? '' : 's'}`;
  if (processors >= PROCESSORS_GOOD) return says.ok(count);
  return says.warning(`${count}: a busy neighbour can hold up heartbeats`, {
    hint: `etcd's advice is two to four for a typical cluster.`,
  });
}

function judgeMemory(host: string, { totalBytes, availableBytes }: Memory): Verdict {
  const says = judgeOf('memory', host);
  if (totalBytes === undefined || availableBytes === undefined) {
    return says.unseen('The memory was not seen');
  }
  const sizes = `${formatSizeBytes(availableBytes)} available of ${formatSizeBytes(totalBytes)}`;
  if (availableBytes < MEMORY_FREE_BYTES) {
    return says.problem(`Only ${sizes}: a member would soon be killed for want of it`, {
      hint: 'Free some, or take a larger host.',
    });
  }
  if (totalBytes >= MEMORY_GOOD_BYTES) return says.ok(sizes);
  return says.warning(`${sizes}: enough for a small database only`, {
    hint: `etcd keeps its database in memory; 8 GiB are typical, ${formatSizeBytes(MEMORY_GOOD_BYTES)} are little.`,
  });
}

function judgeSwap(host: string, { swapTotalBytes, swapFreeBytes }: Memory): Verdict {
  const says = judgeOf('swap', host);
  if (swapTotalBytes === undefined || swapFreeBytes === undefined) {
    return says.unseen('The swap space was not seen');
  }
  if (swapTotalBytes === 0) return says.ok('no swap');
  const used = swapTotalBytes - swapFreeBytes;
  const sizes = `${formatSizeBytes(used)} of ${formatSizeBytes(swapTotalBytes)} swap in use`;
  if (used === 0) return says.ok(sizes);
  return says.warning(`${sizes}: a member whose pages are swapped out misses heartbeats`, {
    hint: 'Turn it off where only etcd runs (and out of /etc/fstab):\n  swapoff -a',
  });
}
