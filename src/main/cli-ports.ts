import { access, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Problem, type Result, err, ok } from '../base/index.js';
import { listClusters, stateHome } from '../drivers/local/index.js';
import type { BootHook, CliPorts, Files, Versions } from '../frontends/cli/index.js';
import { keepingOf } from './keepings.js';
import { type Machine, binariesFor } from './machine.js';
import { managedCluster } from './managed-cluster.js';
import { fileUnreadable, fileUnwritable } from './problems.js';

/** Everything the commands need, made of this machine. */
export function cliPorts(machine: Machine, programVersion: string): CliPorts {
  const home = stateHome(machine.env);
  return {
    clock: machine.clock,
    random: machine.random,
    files,
    clusters: {
      list: async () => {
        const found = await listClusters(home);
        return found.ok ? found.value : [];
      },
      open: (name, spec) => managedCluster(machine, name, keepingOf(machine, home, name, spec)),
    },
    versions: versions(machine),
    admin: async () => {
      const { createEtcdAdmin } = await import('../services/admin/index.js');
      return createEtcdAdmin({ clock: machine.clock });
    },
    gateway: async (settings) => {
      const { startGateway } = await import('./gateway.js');
      return startGateway(machine, files, settings);
    },
    discovery: async () => {
      const { discoveryOf } = await import('./discovery.js');
      return discoveryOf(machine);
    },
    join: async () => {
      const { joinOf } = await import('./join.js');
      return joinOf(machine, files);
    },
    dns: async () => {
      const { dnsPorts } = await import('./dns.js');
      return dnsPorts(machine, files);
    },
    hosts: async () => {
      const { hostsPorts } = await import('./hosts-check.js');
      return hostsPorts(machine);
    },
    adoption: async () => {
      const { adoptionPorts } = await import('./adoption.js');
      return adoptionPorts(machine);
    },
    bootHook: (kind) => bootHook(kind, home),
    programVersion,
  };
}

const because = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const files: Files = {
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  read: async (path) => {
    try {
      if (path !== '-') return ok(await readFile(path, 'utf8'));
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return ok(Buffer.concat(chunks).toString('utf8'));
    } catch (error) {
      return err(fileUnreadable({ path, because: because(error) }));
    }
  },
  write: async (path, text, { replace }) => {
    try {
      await writeFile(path, text, { flag: replace ? 'w' : 'wx' });
      return ok(undefined);
    } catch (error) {
      return err(fileUnwritable({ path, because: because(error) }));
    }
  },
};

function versions(machine: Machine): Versions {
  const local = () => binariesFor(machine, { offline: false });
  return {
    atHand: async ({ signal }) =>
      (await (await local()).atHand(signal)).map(({ name, version, path, source, origin }) => ({
        program: name,
        version,
        path,
        source: origin === undefined ? source : `${source} (${origin})`,
      })),
    available: async ({ signal }) =>
      (await (await local()).available('etcd', signal)).map(
        ({ source, versions: list, problem }) => ({
          source,
          versions: list,
          ...(problem === undefined ? {} : { problem }),
        }),
      ),
    fetch: async (
      version,
      { offline, progress, signal },
    ): Promise<Result<FetchedVersion, Problem>> => {
      const binaries = await binariesFor(machine, { offline, progress });
      const found = await binaries.resolve('etcd', version, signal);
      if (!found.ok) return found;
      const { name, path, source } = found.value;
      return ok({ program: name, version: found.value.version, path, source });
    },
  };
}

type FetchedVersion = Awaited<ReturnType<Versions['atHand']>>[number];

/** What makes a machine call `quorate boot` when it starts. Printed, never installed: that is the owner's to do. */
function bootHook(kind: BootHook, home: string): string {
  const program = fileURLToPath(new URL('./quorate.js', import.meta.url));
  switch (kind) {
    case 'cron':
      return `@reboot QUORATE_HOME=${inCrontab(home)} ${inCrontab(process.execPath)} ${inCrontab(program)} boot\n`;
    case 'systemd':
      return [
        '# ~/.config/systemd/user/quorate-boot.service; then: systemctl --user enable quorate-boot',
        '# and, so that it runs before anybody logs in: loginctl enable-linger',
        '[Unit]',
        'Description=Bring the etcd clusters of Quorate up again',
        '',
        '[Service]',
        'Type=oneshot',
        'RemainAfterExit=yes',
        `Environment=${inUnit(`QUORATE_HOME=${home}`)}`,
        `ExecStart=${inUnit(process.execPath)} ${inUnit(program)} boot`,
        '# What it starts outlives it.',
        'KillMode=process',
        '',
        '[Install]',
        'WantedBy=default.target',
        '',
      ].join('\n');
  }
}

/** One word for the shell that cron calls; in a crontab a bare % would end the line. */
const inCrontab = (word: string): string =>
  `'${word.replaceAll("'", `'\\''`).replaceAll('%', '\\%')}'`;

/** One word for systemd. */
const inUnit = (word: string): string =>
  `"${word.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;
