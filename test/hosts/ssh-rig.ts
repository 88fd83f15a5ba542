import { ok, silentLogger, systemClock, systemRandom, unsafeBrand } from '../../src/base/index.js';
import { type HostName, parseClusterName, parseHostName } from '../../src/core/cluster/index.js';
import type { Launch } from '../../src/core/planner/index.js';
import { type DriverRig, labEtcd, memberFlags } from '../../src/drivers/conformance/index.js';
import { type SSHShell, createSSHShell } from '../../src/drivers/shell/index.js';
import {
  type HostPaths,
  type SSHDriver,
  createSSHDriver,
  hostPaths,
} from '../../src/drivers/ssh/index.js';
import type { HostsLab, LabHost } from '../lab/hosts/index.js';
import { until } from '../lab/wait.js';

export interface SSHRig extends DriverRig {
  readonly driver: SSHDriver;
  readonly shell: SSHShell;
  readonly paths: HostPaths;
  machineOf(host: HostName): LabHost;
}

/**
 * systemd lets a stopped process go on when it asks it to end; one that is frozen hangs for certain. In a group below
 * the unit's own, so that what the unit runs afterwards does not hang too.
 */
const hang = (unit: string): string =>
  `group=$(find /sys/fs/cgroup -type d -path '*/${unit}' | while read -r at; do [ -e "$at/cgroup.freeze" ] && echo "$at"; done)
   mkdir "$group/hung"; systemctl show -p MainPID --value ${unit} > "$group/hung/cgroup.procs"
   echo 1 > "$group/hung/cgroup.freeze"`;

const PORT = 2379;
const NOBODYS_PORT = 2399;
let count = 0;

/** The test bench of the driver for hosts over SSH: a cluster name of its own on hosts that are shared by many tests. */
export async function makeSSHRig(lab: HostsLab, minor: string, user: string): Promise<SSHRig> {
  const { version, path: binary } = await labEtcd(minor);
  const name = parseClusterName(`lab-${process.pid}-${++count}`);
  if (!name.ok) throw new Error(name.error);
  const cluster = name.value;
  const paths = hostPaths(cluster);
  const named = (machine: LabHost): HostName => {
    const host = parseHostName(machine.address);
    if (!host.ok) throw new Error(host.error);
    return host.value;
  };
  const [first, second, ...others] = lab.hosts.map(named);
  if (first === undefined || second === undefined) throw new Error('two hosts are needed');
  const hosts = [first, second, ...others] as const;
  const machineOf = (host: HostName): LabHost => {
    const machine = lab.hosts.find(({ address }) => address === host);
    if (machine === undefined) throw new Error(`no host ${host}`);
    return machine;
  };
  const shells: SSHShell[] = [];
  const makeShell = (): SSHShell => {
    const shell = createSSHShell({
      ssh: { user, configFile: lab.sshConfigFile },
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    shells.push(shell);
    return shell;
  };
  const makeDriver = (shell: SSHShell): SSHDriver =>
    createSSHDriver({
      cluster,
      shell,
      loginTo: (host) => shell.loginTo(host),
      candidates: () => hosts,
      binaryFor: () => Promise.resolve(ok(binary)),
      gatewayVersion: () => version,
      scheme: 'http',
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
  const shell = makeShell();
  const wal = `${paths.dataDir}/member/wal`;

  return {
    driver: makeDriver(shell),
    shell,
    paths,
    machineOf,
    hosts,
    ownMachines: true,
    anotherDriver: () => Promise.resolve(makeDriver(makeShell())),
    launchFor: (host, purpose): Launch => {
      // Its own name for each: that is how the launch of another host differs.
      const dataDir = host === first ? paths.dataDir : `${paths.dataDir}-of-${host}`;
      const flags = memberFlags(version, unsafeBrand<string>(`m-${host}`), dataDir, PORT);
      const joining = {
        'initial-cluster': `${flags['initial-cluster'] ?? ''},other=http://127.0.0.1:${NOBODYS_PORT}`,
        'initial-cluster-state': 'existing',
      };
      return { purpose, version, flags: purpose === 'join' ? { ...flags, ...joining } : flags };
    },
    wipe: async (host) => void (await machineOf(host).must(`rm -r ${paths.dataDir}`)),
    loseLog: async (host) => void (await machineOf(host).must(`rm -r ${wal}`)),
    scribble: async (host) =>
      void (await machineOf(host).must(
        `yes Z | tr -d '\\n' | head -c 64 | dd of="$(ls ${wal}/*.wal | sort | head -n 1)" conv=notrunc 2>&1`,
      )),
    signalMember: async (host, signal) =>
      void (await machineOf(host).must(
        signal === 'SIGSTOP'
          ? hang(paths.unit)
          : `kill -s ${signal.slice(3)} "$(systemctl show -p MainPID --value ${paths.unit})"`,
      )),
    takeClientPort: async (host) => {
      const machine = machineOf(host);
      const unit = `taker-${++count}`;
      await machine.must(`systemd-run -q --unit=${unit} perl -MIO::Socket::INET -e '
        $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:${PORT}", ReuseAddr => 1) or die $!;
        sleep 600'`);
      await until('the port is taken', async () =>
        (await machine.run(`ss -ltnH 'sport = :${PORT}' | grep -q .`)).code === 0
          ? { done: true }
          : { seen: 'free' },
      );
      return async () => void (await machine.must(`systemctl stop ${unit}`));
    },
    reusePid: async (host) => {
      const machine = machineOf(host);
      const unit = `stranger-${++count}`;
      await machine.must(`systemd-run -q --unit=${unit} sleep 600`);
      return {
        strangerLives: async () => (await machine.run(`systemctl is-active ${unit}`)).code === 0,
      };
    },
    hideState: async () => {
      const all = (script: string) =>
        Promise.all(lab.hosts.map(async (machine) => await machine.must(script)));
      const { stateDir } = paths;
      await all(
        `[ ! -e ${stateDir} ] || { mv ${stateDir} ${stateDir}.hidden; touch ${stateDir}; }`,
      );
      return async () =>
        void (await all(
          `[ ! -e ${stateDir}.hidden ] || { rm ${stateDir}; mv ${stateDir}.hidden ${stateDir}; }`,
        ));
    },
    stillKept: async (movedTo) =>
      (await machineOf(first).run(`[ -d ${movedTo}/member/wal ]`)).code === 0,
    dispose: async () => {
      await Promise.all(shells.map((each) => each.close()));
      const units = `${paths.unit} ${paths.gatewayUnit}`;
      await Promise.all(
        lab.hosts.map(async (machine) => {
          if (!machine.isOn) return;
          await machine.run(`systemctl kill -s KILL ${units} 'taker-*' 'stranger-*' 2>/dev/null
            systemctl stop ${units} 'taker-*' 'stranger-*' 2>/dev/null
            systemctl --no-reload disable ${units} 2>/dev/null
            rm -rf ${paths.unitFile} ${paths.gatewayUnitFile} ${paths.unitFile}.d ${paths.stateDir} ${paths.runDir}
            rm -rf ${paths.dataDir} ${paths.dataDir}.aside ${paths.dataDir}-*
            systemctl daemon-reload; systemctl reset-failed`);
        }),
      );
    },
  };
}
