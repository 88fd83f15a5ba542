import { expect, test } from 'vitest';
import { answerOf } from './commands.js';
import type { HostsLab } from './lab.js';
import { hostsForAll } from './suite.js';

const lab = hostsForAll({ hosts: 3 });

const ssh = async ({ sshConfigFile }: HostsLab, target: string, command: string) =>
  await answerOf(['ssh', '-F', sshConfigFile, target, command]);

test('every host answers SSH by name and by address, as root and as the one who becomes root', async () => {
  for (const { name, address } of lab().hosts) {
    for (const target of [name, address, `deploy@${address}`]) {
      const said = await ssh(lab(), target, 'hostname && sudo -n id -u');
      expect(said).toMatchObject({ code: 0, stdout: `${name}\n0\n` });
    }
  }
});
