import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { HostsLab, LabHost } from '../test/lab/hosts/index.js';
import { firstAcknowledgedWrite } from './first-write.js';

export type Members = readonly { readonly name: string; readonly host: LabHost }[];

export const clientURLs = (members: Members): readonly string[] =>
  members.map(({ host }) => `http://${host.address}:2379`);

/**
 * What people do by hand, at its best: one ssh to each host, all at once; the binary travels with the script. Answers the
 * time from before the first ssh to the first acknowledged write, in milliseconds.
 */
export async function bearByScript(lab: HostsLab, members: Members, etcd: string): Promise<number> {
  const all = members.map(({ name, host }) => `${name}=http://${host.address}:2380`).join(',');
  const startedAt = performance.now();
  const scripts = members.map(({ name, host: { address } }) => {
    const unit = `[Service]
Type=notify
ExecStart=/usr/local/bin/etcd --name=${name} --data-dir=/var/lib/etcd/by-hand \\
  --listen-client-urls=http://${address}:2379 --advertise-client-urls=http://${address}:2379 \\
  --listen-peer-urls=http://${address}:2380 --initial-advertise-peer-urls=http://${address}:2380 \\
  --initial-cluster=${all} --initial-cluster-token=by-hand-${Math.round(startedAt)} --initial-cluster-state=new
`;
    const script = `set -e
cat > /usr/local/bin/etcd; chmod 755 /usr/local/bin/etcd
printf %s '${unit}' > /etc/systemd/system/by-hand.service
systemctl daemon-reload; systemctl start --no-block by-hand`;
    return ssh(lab, address, script, etcd);
  });
  const written = firstAcknowledgedWrite(clientURLs(members));
  written.catch(() => undefined);
  await Promise.all(scripts);
  return (await written) - startedAt;
}

async function ssh(lab: HostsLab, address: string, script: string, input: string): Promise<void> {
  const command = ['-c', 'exec ssh -F "$1" "$2" "$3" < "$4"', 'sh'];
  const child = spawn('sh', [...command, lab.sshConfigFile, address, script, input], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`The script on ${address} ended with ${code}.`);
}

/** The hosts have nothing of ours or theirs any more. */
export async function forgetEverything(members: Members): Promise<void> {
  await Promise.all(
    members.map(async ({ host }) => {
      await host.must(`systemctl kill -s KILL 'etcd-*.service' by-hand.service 2> /dev/null || true
        systemctl stop 'etcd-*.service' by-hand.service 2> /dev/null || true
        systemctl disable --no-reload $(cd /etc/systemd/system && ls -d etcd-*.service) 2> /dev/null || true
        rm -rf /etc/systemd/system/etcd-* /etc/systemd/system/by-hand.service /usr/local/bin/etcd
        rm -rf /opt/quorate /var/lib/quorate /run/quorate
        find /var/lib/etcd -mindepth 1 -maxdepth 1 ! -name lost+found -exec rm -rf {} +
        systemctl daemon-reload; systemctl reset-failed; sync`);
    }),
  );
}
