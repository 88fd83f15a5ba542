import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DNSBirthTLS } from './dns-birth.js';

const run = promisify(execFile);

/** One certificate for all: the names of the domain, the domain, and the address that everybody comes from. */
export async function certificatesFor(home: string, domain: string): Promise<DNSBirthTLS> {
  const path = (name: string) => join(home, name);
  const [ca, caKey, cert, key] = ['ca.pem', 'ca.key', 'cert.pem', 'cert.key'].map(path);
  const make = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
  ];
  await run('openssl', [...make, '-subj', '/CN=lab CA', '-keyout', `${caKey}`, '-out', `${ca}`]);
  const names = `subjectAltName=DNS:*.${domain},DNS:${domain},IP:127.0.0.1`;
  const member = `-subj|/CN=lab member|-CA|${ca}|-CAkey|${caKey}|-addext|${names}`;
  const usage = 'extendedKeyUsage=serverAuth,clientAuth|-addext|basicConstraints=CA:FALSE';
  const line = `${member}|-addext|${usage}|-keyout|${key}|-out|${cert}`;
  await run('openssl', [...make, ...line.split('|')]);
  return { ca: `${ca}`, cert: `${cert}`, key: `${key}` };
}
