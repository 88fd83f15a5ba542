import type { HostsLab } from '../lab/hosts/index.js';
import type { JournalLine } from '../lab/journal.js';

/** The journal as the hosts keep it: each line is on most of them, and none of them need have all. */
export async function journalOnHosts(
  hosts: HostsLab,
  cluster: string,
): Promise<readonly JournalLine[]> {
  const directory = `/var/lib/quorate/${cluster}`;
  const script = `cat ${directory}/journal.1.jsonl ${directory}/journal.jsonl 2> /dev/null || true`;
  const texts = new Set<string>();
  for (const machine of hosts.hosts) {
    if (!machine.isOn) continue;
    const { stdout } = await machine.run(script);
    const whole = stdout.slice(0, stdout.lastIndexOf('\n') + 1).split('\n');
    for (const line of whole) if (line !== '') texts.add(line);
  }
  return [...texts].map((text) => JSON.parse(text) as JournalLine).sort((a, b) => a.at - b.at);
}
