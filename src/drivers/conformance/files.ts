import { describe, expect, test } from 'vitest';
import { pkiDirectoryOf } from '../../core/cluster/index.js';
import type { CertificateFile, HostFile } from '../../engine/ports/index.js';
import type { DriverRig } from './rig.js';

const NEVER = new AbortController().signal;

/** As it stands in a file; nobody here reads what it says. */
const certificate = (letter: string): string =>
  `-----BEGIN CERTIFICATE-----\n${letter.repeat(64)}\n-----END CERTIFICATE-----\n`;
/** Two halves, so that no scanner takes it for a real one. */
const KEY = `-----BEGIN ${'PRIVATE'} KEY-----\nAAAA\n-----END ${'PRIVATE'} KEY-----\n`;

/** Certificates on a host: what every driver that has `writeFiles` promises. */
export function describeFiles(rigOf: () => DriverRig): void {
  describe('files', () => {
    const setup = () => {
      const { driver, hosts, launchFor } = rigOf();
      const [host] = hosts;
      const directory = pkiDirectoryOf(launchFor(host, 'birth').flags['data-dir'] ?? '');
      const path = (name: string) => `${directory}/${name}`;
      const file = (name: string, text: string, mode = 0o600): HostFile => ({
        path: path(name),
        content: new TextEncoder().encode(text),
        mode,
      });
      const write = async (...files: readonly HostFile[]) =>
        (await driver.writeFiles?.(host, files, NEVER))?.kind;
      const look = async (...names: readonly string[]) => {
        const facts = await driver.observe(host, NEVER, { certificates: names.map(path) });
        return (name: string): CertificateFile | undefined => facts.certificates?.[path(name)];
      };
      return { file, write, look };
    };

    test('what was never written is absent, and not looked for without being asked', async () => {
      const { look } = setup();
      expect((await look('peer.pem'))('peer.pem')).toEqual({ kind: 'absent' });
      const { driver, hosts } = rigOf();
      expect((await driver.observe(hosts[0], NEVER)).certificates).toBeUndefined();
    });

    test('what is written is seen, its certificates as they stand there, the last one whole', async () => {
      const { file, write, look } = setup();
      const both = certificate('A') + certificate('B');
      expect(await write(file('ca.pem', both, 0o644), file('ca2.pem', certificate('C')))).toBe(
        'applied',
      );
      const seen = await look('ca.pem', 'ca2.pem');
      expect(seen('ca.pem')).toEqual({ kind: 'present', certificates: both });
      expect(seen('ca2.pem')).toEqual({ kind: 'present', certificates: certificate('C') });
      expect(await write(file('ca.pem', certificate('D'), 0o644))).toBe('applied');
      expect((await look('ca.pem'))('ca.pem')).toEqual({
        kind: 'present',
        certificates: certificate('D'),
      });
    });

    test('a key never leaves its host', async () => {
      const { file, write, look } = setup();
      expect(await write(file('peer.pem', certificate('A') + KEY))).toBe('applied');
      const seen = (await look('peer.pem'))('peer.pem');
      expect(seen).toMatchObject({ kind: 'present', certificates: certificate('A') });
      expect(JSON.stringify(seen)).not.toContain('PRIVATE');
    });

    test('what holds no certificate is present and has none', async () => {
      const { file, write, look } = setup();
      expect(await write(file('peer.pem', 'nothing of the kind\n'))).toBe('applied');
      expect((await look('peer.pem'))('peer.pem')).toMatchObject({
        kind: 'present',
        certificates: '',
      });
    });

    test('a cancelled write writes nothing', async () => {
      const { file, look } = setup();
      const { driver, hosts } = rigOf();
      const outcome = await driver.writeFiles?.(
        hosts[0],
        [file('peer.pem', certificate('A'))],
        AbortSignal.abort(),
      );
      expect(outcome?.kind).toBe('refused');
      expect((await look('peer.pem'))('peer.pem')).toEqual({ kind: 'absent' });
    });
  });
}
