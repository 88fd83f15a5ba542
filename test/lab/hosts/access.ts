import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DEPLOY } from './base-tree.js';
import { must } from './commands.js';
import { DNS_ADDRESS, SEAT_ADDRESS } from './network.js';

interface Named {
  readonly name: string;
  readonly address: string;
}

/** How the seat logs in: files for OpenSSH's own client. */
export class Access {
  readonly identityFile: string;
  readonly knownHostsFile: string;
  readonly sshConfigFile: string;

  private constructor(directory: string) {
    this.identityFile = join(directory, 'id_ed25519');
    this.knownHostsFile = join(directory, 'known_hosts');
    this.sshConfigFile = join(directory, 'ssh_config');
  }

  /**
   * Makes the seat's key and each host's, so that every host is known before it has ever been up; and the files that
   * make a host this host, in `files` of its directory.
   */
  static async make(
    directory: string,
    hosts: readonly (Named & { readonly spareAddress: string; readonly directory: string })[],
  ): Promise<Access> {
    const access = new Access(directory);
    const publicKey = await makeKey(access.identityFile, 'seat');
    const known = await Promise.all(
      hosts.map(async (host) => {
        const files = join(host.directory, 'files');
        const hostKey = await writeFiles(files, host, hosts, publicKey);
        return `${host.address},${host.spareAddress},${host.name} ${hostKey}`;
      }),
    );
    await writeFile(access.knownHostsFile, known.join(''));
    await writeFile(access.sshConfigFile, access.#config(hosts));
    return access;
  }

  #config(hosts: readonly Named[]): string {
    const named = hosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`);
    return `${named.join('')}Host *
  User root
  IdentityFile ${this.identityFile}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${this.knownHostsFile}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
  ConnectTimeout 10
`;
  }
}

/** Answers the public key as a line. */
async function makeKey(file: string, comment: string): Promise<string> {
  await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
  return await readFile(`${file}.pub`, 'utf8');
}

/** Everything on a host that is not in the base tree. Answers its public key. */
async function writeFiles(
  files: string,
  host: Named,
  hosts: readonly Named[],
  seatKey: string,
): Promise<string> {
  const table = [
    { name: 'localhost', address: '127.0.0.1' },
    { name: 'seat', address: SEAT_ADDRESS },
    ...hosts,
  ];
  const machineId = (await readFile('/proc/sys/kernel/random/uuid', 'utf8')).replaceAll('-', '');
  await write(files, 'etc/hostname', `${host.name}\n`);
  await write(files, 'etc/machine-id', machineId, 0o444);
  await write(files, 'etc/hosts', table.map((at) => `${at.address} ${at.name}\n`).join(''));
  await write(
    files,
    'etc/resolv.conf',
    `nameserver ${DNS_ADDRESS}\noptions timeout:1 attempts:2\n`,
  );
  for (const [home, uid] of [
    ['root', 0],
    [`home/${DEPLOY.name}`, DEPLOY.uid],
  ] as const) {
    await write(files, `${home}/.ssh/authorized_keys`, seatKey, 0o600);
    // sshd believes no key in a home that others may write to, or that is not the user's.
    for (const path of ['.ssh/authorized_keys', '.ssh', '.']) {
      await chown(join(files, home, path), uid, uid);
    }
    for (const path of ['.ssh', '.']) await chmod(join(files, home, path), 0o700);
  }
  await mkdir(join(files, 'etc/ssh'), { recursive: true });
  return await makeKey(join(files, 'etc/ssh/ssh_host_ed25519_key'), host.name);
}

async function write(root: string, path: string, text: string, mode = 0o644): Promise<void> {
  const file = join(root, path);
  await mkdir(dirname(file), { recursive: true, mode: 0o755 });
  await writeFile(file, text);
  // Not by the mode of writing, which this process's umask would narrow.
  await chmod(file, mode);
}
