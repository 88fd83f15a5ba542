import type { HostShell } from '../../engine/ports/index.js';
import type { EtcdProcess } from './facts.js';
import { type Dialled, type PreflightHost, atPort, isAddress } from './hosts.js';
import { END, PRELUDE, q, readFields } from './scripts/common.js';
import type { HostSight, Seen } from './sights.js';

/** One TLS handshake from the member on one host with the member on another, with the files that the first one uses. */
export interface HandshakeSight {
  readonly from: string;
  readonly to: PreflightHost;
  readonly dialled: Dialled;
  readonly end: Seen<HandshakeEnd>;
}

export type HandshakeEnd =
  | { readonly kind: 'well' }
  /** The other's certificate does not satisfy us, by OpenSSL's words. */
  | { readonly kind: 'untrusted'; readonly words: string }
  /** The other ended it: most often our certificate does not satisfy it. */
  | { readonly kind: 'refused'; readonly words: string }
  | { readonly kind: 'plain-text' };

const HANDSHAKES_MS = 20_000;
const SECONDS = 5;

/** Whether that etcd is a member of this cluster on this host. */
export const isOwn = (
  { dataDirs }: Pick<PreflightHost, 'dataDirs'>,
  { dataDir, isContained }: EtcdProcess,
): boolean => dataDir !== undefined && !isContained && dataDirs.includes(dataDir);

/** The members of this cluster that work on a host; none when it was not seen. */
export const ownProcesses = ({ facts, host }: HostSight): readonly EtcdProcess[] =>
  facts?.kind === 'seen' ? facts.value.etcd.processes.filter((each) => isOwn(host, each)) : [];

/** Where members run already and speak TLS. Their hosts need `openssl`; without it, it says so. */
export async function handshakes(
  shell: HostShell,
  sights: readonly HostSight[],
  signal: AbortSignal,
): Promise<readonly HandshakeSight[]> {
  const running = sights.filter((sight) => ownProcesses(sight).length > 0);
  const all = await Promise.all(
    running.map(async (from) => {
      const wanted = running
        .filter((to) => to !== from)
        .flatMap(({ host }) => host.dialled.map((dialled) => ({ to: host, dialled })))
        .filter(({ dialled }) => dialled.scheme === 'https');
      return wanted.length === 0 ? [] : await handshakesFrom(shell, from, wanted, signal);
    }),
  );
  return all.flat();
}

async function handshakesFrom(
  shell: HostShell,
  from: HostSight,
  wanted: readonly { readonly to: PreflightHost; readonly dialled: Dialled }[],
  signal: AbortSignal,
): Promise<readonly HandshakeSight[]> {
  const [{ commandLine: command } = { commandLine: '' }] = ownProcesses(from);
  const script = handshakeScript(
    wanted.map(({ dialled }) => dialled),
    command,
  );
  const doing = 'shake hands with the other members';
  const end = await shell.run(from.host.host, { doing, script, deadlineMs: HANDSHAKES_MS }, signal);
  const read = (at: number): Seen<HandshakeEnd> => {
    if (end.kind !== 'ended') return { kind: 'unseen', because: end.problem.summary };
    const fields = readFields(end.stdout);
    if (fields?.one('missing') !== undefined) {
      return { kind: 'unseen', because: 'there is no openssl on the host' };
    }
    const said = fields?.all('tls').find((line) => line.startsWith(`${at} `));
    if (said === undefined) return { kind: 'unseen', because: 'the host did not say' };
    return readHandshake(said.slice(`${at} `.length));
  };
  return wanted.map((way, at) => ({ ...way, from: from.host.host, end: read(at) }));
}

/** Files of the plane, as the member itself was told them. A client of the client port shows the member's own certificate. */
function filesOf(plane: Dialled['plane'], commandLine: string): readonly string[] {
  const before = plane === 'peer' ? 'peer-' : '';
  const flag = (name: string): string | undefined =>
    new RegExp(`(?:^| )--?${before}${name}[= ](\\S+)`).exec(commandLine)?.[1];
  const [authority, certificate, key] = ['trusted-ca-file', 'cert-file', 'key-file'].map(flag);
  return [
    ...(authority === undefined ? [] : ['-verify_return_error', '-CAfile', q(authority)]),
    ...(certificate === undefined || key === undefined
      ? []
      : ['-cert', q(certificate), '-key', q(key)]),
  ];
}

export function handshakeScript(orders: readonly Dialled[], commandLine: string): string {
  const lines = orders.map(({ plane, name, port }, at) => {
    const expected = isAddress(name) ? '-verify_ip' : '-verify_hostname';
    const server = isAddress(name) ? [] : ['-servername', q(name)];
    const words = [
      '-connect',
      q(atPort(name, port)),
      ...server,
      expected,
      q(name),
      ...filesOf(plane, commandLine),
    ];
    return `shake ${at} ${words.join(' ')} &`;
  });
  // What the other has against our certificate comes after the handshake in TLS 1.3: it is waited for.
  return `${PRELUDE}
has openssl || { say missing openssl; ${END.trim()}; exit 0; }
shake() {
  at=$1; shift
  said=$(sleep 0.5 | limited ${SECONDS} openssl s_client -brief -no_ign_eof "$@" 2>&1)
  say tls "$at $? $(printf %s "$said" | tr '\\n\\t' '; ')"
}
${lines.join('\n')}
wait
${END}`;
}

/** The code of `openssl s_client -brief`, and its words with `;` for line breaks. */
export function readHandshake(said: string): Seen<HandshakeEnd> {
  const [, code = '', words = ''] = /^(\d+) ?(.*)$/.exec(said) ?? [];
  const lines = words.split(';').map((line) => line.trim());
  const seen = (value: HandshakeEnd): Seen<HandshakeEnd> => ({ kind: 'seen', value });
  const [, untrusted] = /verify error:num=\d+:([^;]+)/.exec(words) ?? [];
  if (untrusted !== undefined) return seen({ kind: 'untrusted', words: untrusted });
  const [alert] = /alert [a-z ]+/.exec(words) ?? [];
  if (alert !== undefined) return seen({ kind: 'refused', words: alert });
  if (words.includes('wrong version number')) return seen({ kind: 'plain-text' });
  if (code === '0') return seen({ kind: 'well' });
  const why = code === '124' || code === '137' ? `no answer within ${SECONDS} s` : lines.join(' ');
  return { kind: 'unseen', because: why === '' ? 'openssl said nothing' : why };
}
