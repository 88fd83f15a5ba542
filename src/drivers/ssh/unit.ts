import { type StartFlags, BOOTSTRAP_ONLY_FLAGS, argumentsOf } from '../../core/cluster/index.js';
import { SHORT_LIFE_MS } from '../evidence/index.js';
import { ETCD_USER, type HostPaths } from './layout.js';

/** How long after the end of a life systemd tries again by itself, for ever: a full disk may have space by then. */
export const RESTART_SECONDS = 3;
/** A leader that hands over may take etcd's request time-out of 7 s, and its peers may be slow (etcd-facts 12). */
export const STOP_SECONDS = 30;
/** A permission to be born that nobody used at once is none: who wrote it was interrupted. */
export const TICKET_SECONDS = 60;

/** The variable in which the bootstrap flags of one start reach the command line. */
const FIRST = 'QUORATE_FIRST';
/** What every start says that is not a birth or a join: without data it ends, and founds nothing (etcd-facts 1.4). */
const SETTLED = '--initial-cluster-state=existing';

export interface MemberUnit {
  readonly paths: HostPaths;
  readonly binary: string;
  /** Those of the launch; the bootstrap-only ones are left out. */
  readonly flags: StartFlags;
}

/** One word of a command line in a unit: systemd expands `%` and `$`, and reads `\` as C does. */
export const unitWord = (word: string): string =>
  `"${word.replace(/["\\]/g, '\\$&').replaceAll('%', '%%').replaceAll('$', '$$$$').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`;

/** A script as one word, its lines continued so that a person can read them. */
const unitScript = (statements: readonly string[]): string =>
  `/bin/sh -c ${unitWord(statements.join('; \u0000')).replaceAll('\u0000', '\\\n    ')}`;

/**
 * The member's unit. It holds the settled flags only: `new` never stays on a disk. Without a log in the data directory
 * systemd starts nothing, whoever asks, unless there is a ticket; and a ticket is for one start.
 */
export function memberUnit({ paths, binary, flags }: MemberUnit): string {
  const settled = Object.fromEntries(
    Object.entries(flags).filter(([name]) => !BOOTSTRAP_ONLY_FLAGS.has(name)),
  );
  return [
    `# Written by Quorate. Change the spec, not this file: it is not overwritten when it was changed.`,
    '[Unit]',
    `Description=etcd member ${(flags['name'] ?? '').replaceAll('%', '%%')} (${paths.unit})`,
    'Wants=network-online.target',
    'After=network-online.target',
    `RequiresMountsFor=${paths.dataDir}`,
    '# However often it ends, it is tried again.',
    'StartLimitIntervalSec=0',
    '# Nothing starts without the log of the member: a voter that lost its disk must not vote again.',
    `AssertPathExists=!${paths.removed}`,
    `AssertDirectoryNotEmpty=|${walOf(paths)}`,
    `AssertPathExists=|${paths.ticket}`,
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=main',
    `User=${ETCD_USER}`,
    `Group=${ETCD_USER}`,
    `Environment=${FIRST}=${SETTLED}`,
    `EnvironmentFile=-${paths.usedTicket}`,
    `ExecStartPre=+${unitScript(admitStatements(paths))}`,
    '# Nothing of the environment reaches etcd, which would read any ETCD_ variable as a flag.',
    [
      `ExecStart=/usr/bin/env -i NOTIFY_SOCKET=\${NOTIFY_SOCKET} ${binary}`,
      ...argumentsOf(settled).map(unitWord),
      `$${FIRST}`,
    ].join(' \\\n    '),
    `ExecStopPost=+${unitScript(noteEndStatements(paths))}`,
    'Restart=always',
    `RestartSec=${RESTART_SECONDS}`,
    '# A member that replays a long log, or waits for the others of its birth, may take minutes.',
    'TimeoutStartSec=infinity',
    `TimeoutStopSec=${STOP_SECONDS}`,
    'LimitNOFILE=65536',
    'LogRateLimitIntervalSec=0',
    'OOMScoreAdjust=-500',
    'Nice=-5',
    `ReadWritePaths=${paths.dataDir}`,
    ...HARDENING,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

export interface GatewayUnit {
  readonly paths: HostPaths;
  readonly binary: string;
  /** Host and port. */
  readonly listen: string;
  readonly endpoints: readonly string[];
}

/** The host's gateway: etcd's own, which keeps nothing and needs nothing else on the host. */
export function gatewayUnit({ paths, binary, listen, endpoints }: GatewayUnit): string {
  return [
    `# Written by Quorate. Change the spec, not this file: it is not overwritten when it was changed.`,
    '[Unit]',
    `Description=etcd gateway (${paths.gatewayUnit})`,
    'Wants=network-online.target',
    'After=network-online.target',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=exec',
    `User=${ETCD_USER}`,
    `Group=${ETCD_USER}`,
    [
      `ExecStart=/usr/bin/env -i ${binary} gateway start`,
      unitWord(`--listen-addr=${listen}`),
      unitWord(`--endpoints=${endpoints.join(',')}`),
    ].join(' \\\n    '),
    `ExecStopPost=+${unitScript(noteGatewayEndStatements(paths))}`,
    'Restart=always',
    `RestartSec=${RESTART_SECONDS}`,
    `TimeoutStopSec=${STOP_SECONDS}`,
    'LimitNOFILE=65536',
    'LogRateLimitIntervalSec=0',
    ...HARDENING,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** What etcd never needs. A file of keys is read, never written. */
const HARDENING = [
  'NoNewPrivileges=yes',
  'CapabilityBoundingSet=',
  'ProtectSystem=strict',
  'ProtectHome=read-only',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectKernelTunables=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelLogs=yes',
  'ProtectControlGroups=yes',
  'ProtectHostname=yes',
  'ProtectClock=yes',
  'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'LockPersonality=yes',
  'MemoryDenyWriteExecute=yes',
  'SystemCallArchitectures=native',
  'SystemCallFilter=@system-service',
  'SystemCallErrorNumber=EPERM',
  'ProtectProc=invisible',
  'UMask=0077',
];

export const walOf = (paths: HostPaths): string => `${paths.dataDir}/member/wal`;

/**
 * Right before each start: the ticket is used up, whatever follows, and it is good only while it is fresh and there is no
 * log. Without one there must be a log, at this moment too.
 */
function admitStatements(paths: HostPaths): readonly string[] {
  const hasLog = `[ -n "$(ls -A ${walOf(paths)} 2>/dev/null)" ]`;
  const { ticket, usedTicket, firstLife } = paths;
  return [
    `rm -f ${usedTicket}`,
    `if [ ! -e ${ticket} ]; then ${hasLog}; exit; fi`,
    `mv ${ticket} ${usedTicket}`,
    `age=$(($(date +%s) - $(stat -c %Y ${usedTicket})))`,
    `if ${hasLog} || [ $age -lt 0 ] || [ $age -gt ${TICKET_SECONDS} ]; then rm -f ${usedTicket}; exit 1; fi`,
    `echo $INVOCATION_ID > ${firstLife}`,
  ];
}

/** When it ended and why, as far as systemd knows; whether somebody asked; how many short lives in a row it makes. */
function endStatements(unit: string, file: string): readonly string[] {
  const shown = (property: string): string => `$(systemctl show -p ${property} --value ${unit})`;
  const shortUs = SHORT_LIFE_MS * 1000;
  return [
    `started=${shown('ExecMainStartTimestampMonotonic')}`,
    `exited=${shown('ExecMainExitTimestampMonotonic')}`,
    `case "$(systemctl list-jobs --no-legend --plain ${unit})" in *" stop "*|*" restart "*) asked=1 ;; *) asked=0 ;; esac`,
    `row=$(sed -n s/^inARow=//p ${file} 2>/dev/null)`,
    `if [ $asked = 0 ] && [ $((exited - started)) -lt ${shortUs} ]; then row=$((\${row:-0} + 1)); else row=0; fi`,
    `printf "%s\\n" invocation=$INVOCATION_ID result=$SERVICE_RESULT code=$EXIT_CODE status=$EXIT_STATUS asked=$asked inARow=$row startedUs=$started exitedUs=$exited boot=$(cat /proc/sys/kernel/random/boot_id) > ${file}.new`,
    `mv ${file}.new ${file}`,
  ];
}

/** etcd says that it was removed and then ends with 0 or 1 at random: only its words tell (etcd-facts 5.6). */
export const REMOVED_WORDS = [
  'permanently removed from the cluster',
  'data-dir used by this member must be removed',
] as const;

function noteEndStatements(paths: HostPaths): readonly string[] {
  const patterns = REMOVED_WORDS.map((words) => `-e "${words}"`).join(' ');
  return [
    `mkdir -p ${paths.runDir}`,
    ...endStatements(paths.unit, paths.ended),
    `timeout 5 journalctl --sync`,
    `if journalctl -q -o cat -n 200 _SYSTEMD_INVOCATION_ID=$INVOCATION_ID | grep -q ${patterns}; then touch ${paths.removed}; fi`,
    'exit 0',
  ];
}

const noteGatewayEndStatements = (paths: HostPaths): readonly string[] => [
  `mkdir -p ${paths.runDir}`,
  ...endStatements(paths.gatewayUnit, paths.gatewayEnded),
  'exit 0',
];

/** Whether these flags can be said in a ticket, where systemd splits at blanks and reads quotes. */
export const unfitForTicket = (flags: StartFlags): readonly string[] =>
  argumentsOf(bootstrapOnly(flags)).filter((argument) => /[\s"'\\]/.test(argument));

/** The text of the ticket for a birth or a join. */
export const ticketOf = (flags: StartFlags): string =>
  `${FIRST}="${argumentsOf(bootstrapOnly(flags)).join(' ')}"\n`;

const bootstrapOnly = (flags: StartFlags): StartFlags =>
  Object.fromEntries(Object.entries(flags).filter(([name]) => BOOTSTRAP_ONLY_FLAGS.has(name)));
