import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Outcome } from '../../src/base/index.js';
import { type HostName, type StartFlags, SUPPORTED_MINORS } from '../../src/core/cluster/index.js';
import type { Launch } from '../../src/core/planner/index.js';
import { untilData, untilLogSays, untilProcess } from '../../src/drivers/conformance/index.js';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsForAll } from '../lab/hosts/suite.js';
import { until } from '../lab/wait.js';
import { type SSHRig, makeSSHRig } from './ssh-rig.js';

const GRACE_MS = 15_000;
const never = (): AbortSignal => new AbortController().signal;
const codeOf = (outcome: Outcome<unknown>): string =>
  outcome.kind === 'applied' ? 'applied' : `${outcome.kind}: ${outcome.problem.code}`;

describe('a member under systemd', () => {
  const lab = hostsForAll({ hosts: 2 });
  let rig: SSHRig;
  let host: HostName;
  let machine: LabHost;
  beforeEach(async () => {
    rig = await makeSSHRig(lab(), '3.6', 'root');
    host = rig.hosts[0];
    machine = rig.machineOf(host);
  });
  afterEach(() => rig.dispose());

  const observe = () => rig.driver.observe(host, never());
  const start = (purpose: Launch['purpose'], flags: StartFlags = {}) => {
    const launch = rig.launchFor(host, purpose);
    return rig.driver.start(host, { ...launch, flags: { ...launch.flags, ...flags } }, never());
  };
  const stop = () => rig.driver.stop(host, { graceMs: GRACE_MS }, never());
  const born = async (flags: StartFlags = {}) => {
    expect(codeOf(await start('birth', flags))).toBe('applied');
    await untilLogSays(rig.driver, host, 'ready to serve client requests');
    return await untilData(rig.driver, host, 'present');
  };
  const unit = () => rig.paths.unit;
  const property = async (name: string) =>
    (await machine.must(`systemctl show -p ${name} --value ${unit()}`)).trim();

  /** The flags of a member that the tests and other hosts can dial. */
  const reachable = (where: HostName): StartFlags => {
    const url = (port: number) => `http://${where}:${port}`;
    return {
      name: where,
      'data-dir': rig.paths.dataDir,
      'listen-client-urls': url(2379),
      'advertise-client-urls': url(2379),
      'listen-peer-urls': url(2380),
      'initial-advertise-peer-urls': url(2380),
      'listen-metrics-urls': url(2381),
      'initial-cluster': `${where}=${url(2380)}`,
    };
  };
  const ask = async (path: string, body: object): Promise<object> => {
    const answer = await fetch(`http://${host}:2379/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    return (await answer.json()) as object;
  };

  describe('comes back by itself', () => {
    test('when it was killed, with the flags of its settled life', async () => {
      const data = await born();
      const before = await untilProcess(rig.driver, host, 'running');
      await rig.signalMember(host, 'SIGKILL');
      await untilProcess(rig.driver, host, 'stopped');
      const { flags } = await untilProcess(rig.driver, host, 'running');
      expect(before.flags['initial-cluster-state']).toBe('new');
      expect(flags['initial-cluster-state']).toBe('existing');
      expect(flags['initial-cluster']).toBeUndefined();
      expect((await observe()).data).toEqual(data);
    });

    test('when the host was started again', async () => {
      const data = await born();
      await machine.reboot();
      await untilProcess(rig.driver, host, 'running');
      expect((await observe()).data).toEqual(data);
    });

    test('when power failed right after its start', async () => {
      const data = await born();
      await machine.powerCut();
      await machine.powerOn();
      await untilProcess(rig.driver, host, 'running');
      expect((await observe()).data).toEqual(data);
    });

    test('when its full disk has space again', async () => {
      await born(reachable(host));
      await machine.fillDisk();
      const value = Buffer.alloc(1_000_000).toString('base64');
      const full = await until('it ends for want of space', async () => {
        await ask('kv/put', { key: 'a2V5', value }).catch(() => undefined);
        const { process } = await observe();
        const { reason } = process.kind === 'stopped' ? (process.lastExit ?? {}) : {};
        return reason === 'disk-full' ? { done: process } : { seen: process };
      });
      expect(full).toMatchObject({ lastExit: { problem: { code: 'member-disk-full' } } });
      await machine.freeDisk();
      await until('it answers again', async () => {
        const answer = await ask('kv/range', { key: 'a2V5' }).catch(() => ({}));
        return 'kvs' in answer ? { done: true } : { seen: answer };
      });
    });
  });

  describe('stays down', () => {
    test('when it was stopped, also after the host was started again', async () => {
      await born();
      expect(codeOf(await stop())).toBe('applied');
      await machine.reboot();
      expect((await observe()).process.kind).toBe('stopped');
      expect(codeOf(await start('restart'))).toBe('applied');
      await untilProcess(rig.driver, host, 'running');
    });

    test('when its disk was wiped: neither a boot nor a person starts it, nor does it found a cluster', async () => {
      await born();
      await machine.wipeDisk();
      const { process, data } = await observe();
      expect(process).toMatchObject({
        kind: 'stopped',
        lastExit: { reason: 'killed', beforeRaft: false },
      });
      expect(data).toEqual({ kind: 'empty' });
      expect((await machine.run(`systemctl start ${unit()}`)).code).not.toBe(0);
      expect(codeOf(await start('restart'))).toBe('refused: data-missing');
      expect((await observe()).process.kind).toBe('stopped');
    });

    test('when power failed in the middle of its birth and its disk is empty', async () => {
      await born();
      await machine.powerCut();
      await machine.wipeDisk();
      await machine.powerOn();
      expect((await observe()).process.kind).toBe('stopped');
    });

    test('when it was wiped while it ran and then ended: systemd’s own restart is refused too', async () => {
      await born();
      await rig.wipe(host);
      await rig.signalMember(host, 'SIGKILL');
      await until('systemd has tried', async () =>
        (await property('AssertResult')) === 'no' ? { done: true } : { seen: 'not yet' },
      );
      expect(await observe()).toMatchObject({
        process: { kind: 'stopped' },
        data: { kind: 'empty' },
      });
    });

    test('when a permission to be born was left behind by somebody who was interrupted', async () => {
      await born();
      await stop();
      await rig.wipe(host);
      const { ticket, runDir } = rig.paths;
      await machine.must(`mkdir -p ${runDir}; install -d -o etcd -g etcd -m 700 ${rig.paths.dataDir}
        printf 'QUORATE_FIRST="--initial-cluster-state=new"\\n' > ${ticket}; touch -d '2 minutes ago' ${ticket}`);
      await machine.run(`systemctl start ${unit()}`);
      expect(await observe()).toMatchObject({
        process: { kind: 'stopped' },
        data: { kind: 'empty' },
      });
      expect((await machine.run(`[ -e ${ticket} ]`)).code).toBe(1);
    });

    test('when it was removed from its cluster', async () => {
      const [, second] = rig.hosts;
      const peerURL = (where: HostName) => `http://${where}:2380`;
      await born(reachable(host));
      const added = await ask('cluster/member/add', {
        peerURLs: [peerURL(second)],
        isLearner: true,
      });
      const { version } = rig.launchFor(host, 'join');
      const flags = {
        ...reachable(second),
        'initial-cluster': `${host}=${peerURL(host)},${second}=${peerURL(second)}`,
        'initial-cluster-state': 'existing',
      };
      expect(
        codeOf(await rig.driver.start(second, { purpose: 'join', version, flags }, never())),
      ).toBe('applied');
      await untilLogSays(rig.driver, second, 'ready to serve client requests');
      await ask('cluster/member/remove', {
        ID: (added as { member?: { ID?: string } }).member?.ID,
      });
      const there = rig.machineOf(second);
      await until(
        'it is known as removed',
        async () =>
          (await there.run(`[ -e ${rig.paths.removed} ]`)).code === 0
            ? { done: true }
            : { seen: 'not' },
        { timeoutMs: 30_000 },
      );
      await until('systemd has given it up', async () => {
        const shown = await there.must(`systemctl show -p ActiveState,AssertResult ${unit()}`);
        return /ActiveState=inactive/.test(shown) && /AssertResult=no/.test(shown)
          ? { done: true }
          : { seen: shown };
      });
      const { process } = await rig.driver.observe(second, never());
      expect(process).toMatchObject({ kind: 'stopped', lastExit: { reason: 'removed' } });
    });
  });

  describe('what others do to it', () => {
    test('a unit that somebody changed is shown and not written over', async () => {
      await born();
      await stop();
      expect((await rig.driver.observe(host, never())).drift).toBeUndefined();
      await machine.must(`sed -i 's/^Nice=.*/Nice=10/' ${rig.paths.unitFile}`);
      expect((await rig.driver.observe(host, never())).drift).toMatchObject([
        { code: 'unit-changed', data: { file: rig.paths.unitFile } },
      ]);
      const outcome = await start('restart');
      expect(codeOf(outcome)).toBe('refused: unit-changed');
      if (outcome.kind !== 'refused') return;
      expect(outcome.problem.detail).toContain('-Nice=-5\n+Nice=10');
      const command = outcome.problem.hint.split('\n').at(-1)?.trim() ?? '';
      expect(command).toMatch(/^ssh .* mv /);
      await machine.must(command.slice(command.indexOf(' mv ')));
      expect(codeOf(await start('restart'))).toBe('applied');
    });

    test('a drop-in that changes what we rely on is refused; another one is not', async () => {
      await born();
      await stop();
      const directory = `${rig.paths.unitFile}.d`;
      const dropIn = (text: string) =>
        machine.must(
          `mkdir -p ${directory}; printf '[Service]\\n${text}\\n' > ${directory}/own.conf; systemctl daemon-reload`,
        );
      await dropIn('Environment=QUORATE_FIRST=--initial-cluster-state=new');
      expect(codeOf(await start('restart'))).toBe('refused: unit-changed');
      await dropIn('CPUWeight=200');
      expect(codeOf(await start('restart'))).toBe('applied');
    });

    test('a unit of that name that is not ours is left alone', async () => {
      await machine.must(`printf '[Service]\\nExecStart=/bin/true\\n' > ${rig.paths.unitFile}`);
      expect(codeOf(await start('birth'))).toBe('refused: unit-changed');
      expect(await machine.must(`cat ${rig.paths.unitFile}`)).toContain('/bin/true');
    });

    test('nothing of the environment reaches it', async () => {
      await machine.must(`systemctl set-environment ETCD_NAME=evil ETCD_INITIAL_CLUSTER_STATE=new`);
      await born();
      await machine.must(`systemctl unset-environment ETCD_NAME ETCD_INITIAL_CLUSTER_STATE`);
      const environment = await machine.must(
        `tr '\\0' '\\n' < /proc/$(systemctl show -p MainPID --value ${unit()})/environ`,
      );
      expect(environment.trim()).toBe('NOTIFY_SOCKET=/run/systemd/notify');
    });

    test('an etcd that a person started on its data is seen, and neither joined nor stopped', async () => {
      await born();
      await stop();
      const { dataDir } = rig.paths;
      const binary = `/opt/quorate/etcd/${rig.launchFor(host, 'birth').version}/etcd`;
      await machine.must(
        `cd /var/lib/etcd; systemd-run -q --unit=stranger-hand --working-directory=/var/lib/etcd ${binary} --data-dir ./${dataDir.split('/').at(-1)}`,
      );
      await untilProcess(rig.driver, host, 'by-hand');
      expect(codeOf(await start('restart'))).toBe('refused: started-by-hand');
      expect(codeOf(await stop())).toBe('refused: started-by-hand');
      expect((await machine.run('systemctl is-active stranger-hand')).code).toBe(0);
    });

    test('a disk that is in the table of mounts and not mounted is no empty directory', async () => {
      await born();
      await stop();
      const { dataDir } = rig.paths;
      await machine.must(`mv ${dataDir} ${dataDir}-away; cp /etc/fstab /tmp/fstab 2>/dev/null || : > /tmp/fstab
        echo '/dev/none ${dataDir} ext4 noauto 0 0' >> /etc/fstab`);
      const { data } = await observe();
      await machine.must('cp /tmp/fstab /etc/fstab');
      expect(data).toMatchObject({ kind: 'unreadable', problem: { code: 'data-not-mounted' } });
    });

    test('a disk that answers with errors is no empty directory', async () => {
      await born();
      await stop();
      await machine.failDisk();
      const { data } = await observe();
      expect(['unreadable', 'unseen']).toContain(data.kind);
      expect((await start('birth')).kind).toBe('refused');
      await machine.powerCut();
      await machine.powerOn();
      expect((await observe()).data.kind).toBe('present');
    });

    test('a binary that was damaged is replaced before it runs', async () => {
      await born();
      await stop();
      const binary = `/opt/quorate/etcd/${rig.launchFor(host, 'birth').version}/etcd`;
      await machine.must(`echo damaged > ${binary}`);
      expect(codeOf(await start('restart'))).toBe('applied');
      await untilLogSays(rig.driver, host, 'ready to serve client requests');
    });
  });

  describe('when the connection breaks in the middle', () => {
    /** Ends every session on the host again and again until `acting` has its outcome. */
    const brokenAfter = async (delayMs: number, acting: Promise<Outcome<unknown>>) => {
      const breaking = new Promise((resolve) => setTimeout(resolve, delayMs)).then(() =>
        machine.dropSshSessions(),
      );
      const outcome = await acting;
      await breaking;
      return outcome;
    };

    test('of a start, the next look tells, and a start once more makes it live', async () => {
      await observe();
      // The binary is there, so that the delays fall into the start itself.
      await rig.driver.prepare(host, rig.launchFor(host, 'birth').version, never());
      for (const delayMs of [0, 40, 80, 120, 200, 300]) {
        const outcome = await brokenAfter(delayMs, start('birth'));
        expect(['applied', 'refused', 'unknown']).toContain(outcome.kind);
        const lives = await until('the host answers', async () => {
          const { process } = await observe();
          return process.kind === 'unseen'
            ? { seen: process }
            : { done: process.kind === 'running' };
        });
        if (outcome.kind === 'applied') expect(lives).toBe(true);
        // What was refused never began; what is unknown may still come.
        if (outcome.kind === 'refused') expect(lives).toBe(false);
        await until('it can be started', async () => {
          const again = codeOf(await start('birth'));
          return /applied|already-running|data-present/.test(again)
            ? { done: true }
            : { seen: again };
        });
        await until('it runs', async () => {
          const { process } = await observe();
          if (process.kind === 'running') return { done: true };
          await start('restart');
          return { seen: process };
        });
        expect((await machine.run(`[ -e ${rig.paths.ticket} ]`)).code).toBe(1);
        await stop();
        await rig.wipe(host);
      }
    });

    test('of a stop, it is unknown or done, and may be repeated', async () => {
      await born();
      for (const delayMs of [0, 30, 60, 100]) {
        const outcome = await brokenAfter(delayMs, stop());
        expect(['applied', 'refused', 'unknown']).toContain(outcome.kind);
        await until('a stop is applied', async () => {
          const again = codeOf(await stop());
          return again === 'applied' ? { done: true } : { seen: again };
        });
        expect((await observe()).process).toMatchObject({ lastExit: { reason: 'asked' } });
        expect(codeOf(await start('restart'))).toBe('applied');
      }
    });
  });

  test('a look takes one round trip, a start two and a stop one', async () => {
    await born();
    const run = vi.spyOn(rig.shell, 'run');
    const tripsOf = async (acting: () => Promise<unknown>): Promise<number> => {
      run.mockClear();
      await acting();
      return run.mock.calls.length;
    };
    expect(await tripsOf(observe)).toBe(1);
    expect(await tripsOf(stop)).toBe(1);
    expect(await tripsOf(() => start('restart'))).toBe(2);
  });

  test('every flag arrives as it was given, whatever is in it', async () => {
    const odd = String.raw`a%n%%b $HOME ${'$'}{x} "quoted" 'single' \back\\slash`;
    await born({ 'host-whitelist': odd });
    const { flags } = await untilProcess(rig.driver, host, 'running');
    expect(flags['host-whitelist']).toBe(odd);
    expect(codeOf(await start('birth', { 'initial-cluster-token': 'a b' }))).toBe(
      'refused: flag-unfit',
    );
  });

  test.each(SUPPORTED_MINORS)('etcd %s lives with these limits and flags', async (minor) => {
    const other = await makeSSHRig(lab(), minor, 'root');
    try {
      const launch = other.launchFor(host, 'birth');
      expect(codeOf(await other.driver.start(host, launch, never()))).toBe('applied');
      await untilLogSays(other.driver, host, 'ready to serve client requests');
      const { flags, version } = await untilProcess(other.driver, host, 'running');
      expect([flags, version]).toEqual([launch.flags, launch.version]);
      await until('systemd heard that it is ready', async () => {
        const shown = await machine.must(`systemctl is-active ${other.paths.unit} || :`);
        return shown.trim() === 'active' ? { done: true } : { seen: shown };
      });
    } finally {
      await other.dispose();
    }
  });

  test('the unit is as guarded as systemd can check', async () => {
    await born();
    const said = await machine.must(`systemd-analyze verify ${rig.paths.unitFile} 2>&1`);
    expect(said.trim()).toBe('');
    const security = await machine.must(
      `systemd-analyze security ${unit()} --no-pager | tail -n 1`,
    );
    const [, exposure = '10'] = /(\d+\.\d+)/.exec(security) ?? [];
    expect(Number(exposure)).toBeLessThan(3);
    expect(await property('User')).toBe('etcd');
    expect(await property('UnitFileState')).toBe('enabled');
  });

  describe('files', () => {
    test('are written as a whole, with owner and mode, and nothing else is left', async () => {
      const directory = '/etc/quorate-test';
      const secret = Buffer.from('a secret\n\0with zeros');
      const outcome = await rig.driver.writeFiles(
        host,
        [
          {
            path: `${directory}/ca.crt`,
            content: Buffer.from('public'),
            mode: 0o644,
            owner: 'root',
          },
          { path: `${directory}/it's.key`, content: secret, mode: 0o600, owner: 'etcd' },
        ],
        never(),
      );
      expect(codeOf(outcome)).toBe('applied');
      const listed = await machine.must(`cd ${directory}; stat -c '%n %a %U %G %s' *`);
      expect(listed).toBe(`ca.crt 644 root root 6\nit's.key 600 etcd etcd ${secret.length}\n`);
      await machine.must(`rm -r ${directory}`);
    });

    test('that cannot be written are told with the host’s own words', async () => {
      const file = { path: '/proc/no', content: Buffer.from('x'), mode: 0o644, owner: 'root' };
      const outcome = await rig.driver.writeFiles(host, [file], never());
      expect(codeOf(outcome)).toBe('refused: host-command-failed');
      expect(outcome).toMatchObject({ problem: { detail: expect.stringContaining('/proc/no') } });
    });
  });

  describe('a gateway', () => {
    const launch = () => ({
      listen: [`http://${host}:2379`],
      endpoints: [`http://${rig.hosts[1]}:2379` as never],
    });
    test('runs where a member would, is seen with its flags, and makes way', async () => {
      expect((await observe()).gateway).toBeUndefined();
      expect(codeOf(await rig.driver.startGateway(host, launch(), never()))).toBe('applied');
      const { gateway } = await observe();
      expect(gateway).toMatchObject({ kind: 'running', flags: { listen: launch().listen[0] } });
      expect(codeOf(await rig.driver.startGateway(host, launch(), never()))).toBe(
        'refused: already-running',
      );
      expect(codeOf(await rig.driver.stopGateway(host, { graceMs: 5000 }, never()))).toBe(
        'applied',
      );
      expect((await observe()).gateway).toMatchObject({
        kind: 'stopped',
        lastExit: { reason: 'asked', inARow: 0 },
      });
    });
    test('whose address is taken says so', async () => {
      await machine.must(`systemd-run -q --unit=taker-gateway perl -MIO::Socket::INET -e '
        $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "${host}:2379", ReuseAddr => 1) or die $!; sleep 600'`);
      await until('the port is taken', async () =>
        (await machine.run(`ss -ltnH 'sport = :2379' | grep -q .`)).code === 0
          ? { done: true }
          : { seen: 'free' },
      );
      await rig.driver.startGateway(host, launch(), never());
      const exit = await until('it has ended', async () => {
        const { gateway } = await observe();
        return gateway?.kind === 'stopped' && gateway.lastExit !== undefined
          ? { done: gateway.lastExit }
          : { seen: gateway };
      });
      expect(exit).toMatchObject({ reason: 'port-taken', problem: { code: 'gateway-ended' } });
    });
  });
});
