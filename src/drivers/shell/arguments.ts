import { join } from 'node:path';
import type { HostName } from '../../core/cluster/index.js';
import type { SSHOptions } from '../../core/spec/index.js';
import {
  ALIVE_COUNT_MAX,
  ALIVE_INTERVAL_SECONDS,
  CONNECT_TIMEOUT_MS,
  IDLE_SECONDS_MAX,
} from './limits.js';
import { shellQuoted } from './quoted.js';

/** What the spec says, as ssh's own options; everything else is the user's configuration. */
function chosen(ssh: SSHOptions, home: string): readonly string[] {
  const { user, port, identityFile, configFile } = ssh;
  return [
    ...(configFile === undefined ? [] : ['-F', expanded(configFile, home)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', `${port}`]),
    ...(identityFile === undefined ? [] : ['-i', expanded(identityFile, home)]),
  ];
}

const expanded = (path: string, home: string): string =>
  path === '~' || path.startsWith('~/') ? join(home, path.slice(1)) : path;

/** The command by which a person tries the same login. */
export const loginCommand = (ssh: SSHOptions, home: string, host: HostName): string =>
  ['ssh', ...chosen(ssh, home), host].map(shellQuoted).join(' ');

/**
 * Nobody is there to answer a question, and nothing that a configuration may ask for besides (a terminal, forwarded
 * ports, a command) belongs to our sessions. Whom to trust is left to the user's configuration.
 */
const OURS = [
  ['BatchMode', 'yes'],
  ['LogLevel', 'ERROR'],
  ['ClearAllForwardings', 'yes'],
  ['ForwardAgent', 'no'],
  ['ForwardX11', 'no'],
  ['PermitLocalCommand', 'no'],
  ['RequestTTY', 'no'],
  ['RemoteCommand', 'none'],
  ['StdinNull', 'no'],
] as const;

const asOptions = (pairs: readonly (readonly [string, string])[]): readonly string[] =>
  pairs.flatMap(([name, value]) => ['-o', `${name}=${value}`]);

/** Opens the connection that carries every session to this host, and goes to the background when it is there. */
export const masterArguments = (
  ssh: SSHOptions,
  home: string,
  host: HostName,
  controlPath: string,
): readonly string[] => [
  ...chosen(ssh, home),
  ...asOptions([
    ...OURS,
    ['ControlMaster', 'yes'],
    ['ControlPath', controlPath],
    ['ControlPersist', `${IDLE_SECONDS_MAX}`],
    ['ConnectTimeout', `${Math.ceil(CONNECT_TIMEOUT_MS / 1000)}`],
    ['ServerAliveInterval', `${ALIVE_INTERVAL_SECONDS}`],
    ['ServerAliveCountMax', `${ALIVE_COUNT_MAX}`],
  ]),
  '-f',
  '-N',
  '--',
  host,
];

/** One session over that connection, and never over one of its own: without it there is no way to the host. */
export const sessionArguments = (
  ssh: SSHOptions,
  home: string,
  host: HostName,
  controlPath: string,
  command: string,
): readonly string[] => [
  ...chosen(ssh, home),
  ...asOptions([
    ...OURS,
    ['ControlMaster', 'no'],
    ['ControlPath', controlPath],
    ['ProxyCommand', 'false'],
  ]),
  '--',
  host,
  command,
];

/** Tells the master process to take no more sessions, or to end with those it has. */
export const controlArguments = (
  request: 'stop' | 'exit',
  host: HostName,
  controlPath: string,
): readonly string[] => ['-F', 'none', '-o', `ControlPath=${controlPath}`, '-O', request, host];

/** Makes a port of the host's loopback lead to the same port of ours, for as long as the connection lasts. */
export const forwardArguments = (
  host: HostName,
  controlPath: string,
  port: number,
): readonly string[] => [
  '-F',
  'none',
  '-o',
  `ControlPath=${controlPath}`,
  '-O',
  'forward',
  '-R',
  `127.0.0.1:${port}:127.0.0.1:${port}`,
  host,
];
