/** Brings hosts up for a person, until Ctrl-C: `npm run lab:hosts [-- --hosts N] [--disk loop|directory]`. */
import { parseArgs } from 'node:util';
import { hostsLab } from './lab.js';
import { whyNoHosts } from './machine.js';
import { say } from './say.js';

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '3' },
    disk: { type: 'string', default: 'loop' },
  },
});
const reason = await whyNoHosts();
if (reason === undefined) await untilInterrupted();
else {
  say(reason);
  process.exitCode = 1;
}

async function untilInterrupted(): Promise<void> {
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
  const disk = values.disk === 'directory' ? 'directory' : 'loop';
  const lab = await hostsLab({ hosts: Number(values.hosts), disk, network: 'own' });
  const enter = `nsenter --target ${lab.keeperPid} --net --`;
  process.stdout.write(
    [
      ...lab.hosts.map(({ name, address }) => `${name}  ${address}`),
      '',
      'A shell in their network (outside of it, these addresses are somebody else’s):',
      `  ${enter} bash`,
      'On a host:',
      `  ${enter} ssh -F ${lab.sshConfigFile} h0`,
      `What they say while they boot is in ${lab.directory}/h*/console.log. Ctrl-C takes them away.`,
      '',
    ].join('\n'),
  );
  // The process has something to wait for only as long as this timer runs.
  const alive = setInterval(() => undefined, 1_000_000);
  await interrupted;
  clearInterval(alive);
  await lab.dispose();
}
