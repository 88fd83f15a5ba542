import { assertNever } from '../../base/index.js';
import { type StartFlags, argumentsOf } from '../cluster/index.js';

export type FlagsStyle = 'flags' | 'env' | 'unit';

/**
 * What a person would run: a command line for a shell, a file of `ETCD_*` variables, or a systemd unit. Ends with a
 * newline. Give etcd a setting as flag or as variable, never as both: it ends with exit code 1 (etcd-facts 9.4).
 */
export function renderFlags(
  flags: StartFlags,
  as: FlagsStyle,
  /** Path of the etcd binary; systemd wants it absolute. */
  binary: string = as === 'unit' ? '/usr/local/bin/etcd' : 'etcd',
): string {
  switch (as) {
    case 'flags':
      return `${[binary, ...argumentsOf(flags)].map(shellQuoted).join(' \\\n  ')}\n`;
    case 'env':
      return sortedVariables(flags)
        .map(([name, value]) => `${name}=${environmentQuoted(value)}\n`)
        .join('');
    case 'unit':
      return unitOf(flags, binary);
    default:
      return assertNever(as);
  }
}

/** `Type=notify`: etcd tells systemd itself when it serves clients. */
function unitOf(flags: StartFlags, binary: string): string {
  const name = flags['name'] ?? 'etcd';
  const environment = sortedVariables(flags).map(
    ([variable, value]) => `Environment="${unitQuoted(`${variable}=${value}`)}"`,
  );
  return [
    '[Unit]',
    `Description=etcd member ${name.replaceAll('%', '%%')}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=notify',
    ...environment,
    `ExecStart=${binary}`,
    '# A member that was removed from its cluster ends by itself; it must not be started for ever.',
    'Restart=on-failure',
    'RestartSec=5s',
    'LimitNOFILE=65536',
    '# A member that has to replay a long log may take minutes.',
    'TimeoutStartSec=0',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

const sortedVariables = (flags: StartFlags): readonly (readonly [string, string])[] =>
  Object.keys(flags)
    .sort()
    .map((name) => [`ETCD_${name.toUpperCase().replaceAll('-', '_')}`, flags[name] ?? '']);

const shellQuoted = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/** Read the same by systemd's EnvironmentFile= and by a shell. */
const environmentQuoted = (value: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]*$/.test(value) ? value : `"${value.replace(/["\\$`]/g, '\\$&')}"`;

const unitQuoted = (text: string): string => text.replace(/["\\]/g, '\\$&').replaceAll('%', '%%');
