import { Resolver } from 'node:dns/promises';
import { describe, expect, test } from 'vitest';
import { etcdctlUser, ourClient } from '../lab/dns-client.js';
import { dnsProgram } from '../lab/dns-programs.js';
import {
  ANY_MINOR,
  EXIT,
  type Lab,
  askingOnly,
  lab,
  nextAddress,
  until,
  whyNoResolver,
  writeAndRead,
} from '../lab/index.js';
import type { ProblemJSON, StatusJSON } from '../lab/index.js';

const whyNot = await whyNoResolver();
if (whyNot !== undefined) process.stderr.write(`\nSKIPPED, names that move: ${whyNot}\n\n`);
const ctl = await dnsProgram('etcdctl');
if ('whyNot' in ctl) process.stderr.write(`\nSKIPPED, etcdctl by SRV records: ${ctl.whyNot}\n\n`);

/** A cluster whose members each have an address of their own, and are known by names alone. */
async function named(it: Lab) {
  const domain = `${it.name}.test`;
  const nameserver = nextAddress();
  const within = await askingOnly(it.home, nameserver);
  const ports = [await it.freeURL(), await it.freeURL()].map((url) => new URL(url).port);
  const [peerPort = '', clientPort = ''] = ports;
  const at = new Map<string, string>();
  const spec = (...names: readonly string[]) =>
    it.spec(
      names.map((name) => {
        const host = at.get(name) ?? nextAddress();
        at.set(name, host);
        return {
          name,
          host,
          peerURLs: [`http://${name}.${domain}:${peerPort}`],
          clientURLs: [`http://${name}.${domain}:${clientPort}`],
        };
      }),
      { bootstrap: { dns: { domain } } },
    );
  const file = await spec('m1', 'm2', 'm3');
  const serve = async () => {
    const server = it.start(`dns serve -f ${file} --listen ${nameserver}`);
    await server.says(/listening on/);
    return server;
  };
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([nameserver]);
  const addressOf = (name: string) => resolver.resolve4(`${name}.${domain}`);
  const clientURL = (name: string, host = `${name}.${domain}`) => `http://${host}:${clientPort}`;
  const apply = (code: number, more = '') => it.ends(code, `apply -f ${file}${more}`, { within });
  return { domain, nameserver, within, file, at, spec, serve, addressOf, clientURL, apply };
}

/**
 * As this machine sees it that asks the cluster's DNS: a name that two hosts have had is found by no other means. Healthy, with
 * three voters and nothing left to do.
 */
const settledWithin = (it: Lab, within: readonly string[]): Promise<StatusJSON> =>
  until('three voters are healthy', async () => {
    const ran = await it.start(`status ${it.name} -o json`, { within }).done;
    const status = ran.json<StatusJSON>();
    const isSettled =
      status.plan.kind === 'converged' &&
      status.cluster.voters === 3 &&
      status.members.every(({ healthy }) => healthy);
    return isSettled ? { done: status } : { seen: status };
  });

describe.skipIf(whyNot !== undefined)('a cluster that is known by names alone', () => {
  test.each(['3.5', '3.7'])(
    'etcd %s: a member is replaced on another machine, and whoever uses names goes on untold',
    async (version) => {
      const it = await lab({ version });
      const { domain, within, at, spec, serve, addressOf, clientURL, apply } = await named(it);
      const server = await serve();
      await apply(EXIT.done);
      const born = await it.settled(3);
      const users = [
        ourClient(it, within, 'the name of m2 alone', { endpoints: [clientURL('m2')] }),
        ourClient(it, within, 'all names', {
          endpoints: ['m1', 'm2', 'm3'].map((n) => clientURL(n)),
        }),
        ourClient(it, within, 'SRV records', { srv: { domain } }),
        ...('whyNot' in ctl ? [] : [etcdctlUser(it, within, { path: ctl.path, domain })]),
      ];
      await Promise.all(users.map((user) => user.flows(3)));

      // A spec is a wish: as long as m2 runs, its name leads to it.
      const before = at.get('m2') ?? '';
      const after = nextAddress();
      at.set('m2', after);
      await spec('m1', 'm2', 'm3');
      await server.says(new RegExp(`m2 still runs at ${before.replaceAll('.', '\\.')}`));
      expect(await addressOf('m2')).toEqual([before]);
      await Promise.all(users.map((user) => user.flows(3)));

      // Its machine dies. The name is its successor's, and nobody is told anything.
      await it.stopKeepers();
      const lost = born.members.find(({ name }) => name === 'm2');
      await it.kill((await it.member('m2')).pid);
      await until('the name of m2 leads elsewhere', async () => {
        const found = await addressOf('m2').catch((error: Error) => [error.message]);
        return found.join() === after ? { done: true } : { seen: found };
      });
      await apply(EXIT.done, ` --yes=${it.name}`);
      const replaced = await settledWithin(it, within);
      expect(replaced.cluster.id).toBe(born.cluster.id);
      const successor = replaced.members.find(({ name }) => name === 'm2');
      expect(successor?.host).toBe(after);
      expect(successor?.id).not.toBe(lost?.id);
      expect(successor?.peerURLs).toEqual(lost?.peerURLs);
      await Promise.all(users.map((user) => user.flows(3)));
    },
  );

  test('goes on while the DNS is dead, is told apart from a dead cluster, and changes when the DNS is back', async () => {
    // m4 is asked for as soon as m1 is back, which etcd may find too soon: it is asked again.
    const it = await lab({ version: ANY_MINOR, audit: false });
    const { within, file, at, spec, serve, clientURL, apply } = await named(it);
    const first = await serve();
    await apply(EXIT.done);
    await it.settled(3);
    first.kill('SIGTERM');
    expect((await first.done).code).toBe(EXIT.done);

    // Nobody who is connected notices, and whoever keeps the members knows where they are.
    const everywhere = ['m1', 'm2', 'm3'].map((name) => clientURL(name, at.get(name)));
    await writeAndRead(everywhere, 'dead', 'the DNS');
    expect((await it.settled(3)).plan.kind).toBe('converged');
    const check = await it.ends(EXIT.failed, `dns check -f ${file} -o json`, { within });
    const { problems } = check.json<{ problems: readonly ProblemJSON[] }>();
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['dns-server-silent']));

    // A member that starts now finds nobody: that is told, and the two others go on.
    await it.kill((await it.member('m1')).pid);
    const alone = await it.untilStatus('m1 runs, alone', ({ cluster, members }) => {
      const m1 = members.find(({ name }) => name === 'm1');
      return cluster.state === 'degraded' && JSON.stringify(m1?.problems).includes('dns check');
    });
    expect(alone.members.filter(({ healthy }) => healthy).map(({ name }) => name)).toEqual([
      'm2',
      'm3',
    ]);
    await writeAndRead(everywhere.slice(1), 'dead', 'and m1 alone');
    // Nor does a change begin that could not end.
    await spec('m1', 'm2', 'm3', 'm4');
    await apply(EXIT.waitedTooLong, ' --timeout 5s');
    expect((await it.status()).cluster.voters).toBe(3);

    // The DNS is back: so is m1, and m4 comes, without a word from anybody.
    await serve();
    const four = await it.settled(4);
    expect(four.members.map(({ name }) => name).sort()).toEqual(['m1', 'm2', 'm3', 'm4']);
  });
});
