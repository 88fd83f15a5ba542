import { describe, expect, test } from 'vitest';
import {
  EXIT,
  askingOnly,
  clientURLs,
  contentOf,
  lab,
  nextAddress,
  whyNoResolver,
  writeAndRead,
} from '../lab/index.js';
import { newMember } from '../lab/dns-birth.js';

const whyNot = await whyNoResolver();
if (whyNot !== undefined)
  process.stderr.write(`\nSKIPPED, births by DNS from a spec: ${whyNot}\n\n`);

describe.skipIf(whyNot !== undefined)('bootstrap: { dns: … } in a spec', () => {
  test.each(['3.5', '3.7'])(
    'etcd %s: told why not, then born by names, and grown by one that the server follows',
    async (version) => {
      const it = await lab({ version });
      const nameserver = nextAddress();
      const dns = { bootstrap: { dns: { domain: `${it.name}.test` } } };
      const members = await Promise.all(['m1', 'm2', 'm3'].map((name) => newMember(it, name)));
      const spec = await it.spec(
        members.map((member) => ({ ...member })),
        dns,
      );
      const within = await askingOnly(it.home, nameserver);

      // Nobody serves the records yet: that is told, and nobody is started.
      const refused = await it.start(`apply -f ${spec} --timeout 20s`, { within }).done;
      expect(refused.code).not.toBe(EXIT.done);
      expect(refused.stderr).toContain(nameserver);
      expect((await it.members()).size).toBe(0);

      const server = it.start(`dns serve -f ${spec} --listen ${nameserver}`);
      await server.says(/listening on/);
      await it.ends(EXIT.done, `apply -f ${spec}`, { within });
      const born = await it.settled(3);
      await writeAndRead(clientURLs(born), 'first', 'found by name');
      // etcd lists the targets of the records.
      for (const { name, peerURLs } of born.members) {
        expect(peerURLs.join()).toContain(`//${name}.${it.name}.test:`);
      }
      const births = (await it.deeds()).filter(({ step }) => step.launch?.purpose === 'birth');
      expect(births.length).toBe(3);
      for (const { step } of births) {
        expect(step.launch?.flags).toMatchObject({ 'discovery-srv': `${it.name}.test` });
        expect(step.launch?.flags).not.toHaveProperty('initial-cluster');
      }

      // The record of a newcomer is served when etcd lists it, which is before it starts.
      const more = await Promise.all(['m4', 'm5'].map((name) => newMember(it, name)));
      const grown = await it.spec(
        [...members, ...more].map((member) => ({ ...member })),
        dns,
      );
      await it.ends(EXIT.done, `apply -f ${grown}`, { within });
      const five = await it.settled(5);
      expect(five.cluster.id).toBe(born.cluster.id);
      expect((await contentOf(clientURLs(five))).get('first')).toBe('found by name');
    },
  );
});
