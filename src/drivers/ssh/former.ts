import { type Result, err, ok } from '../../base/index.js';
import type { StartFlags } from '../../core/cluster/index.js';
import { shellQuoted as q } from '../shell/index.js';
import type { FormerPaths, FormerUnit, HostPaths } from './layout.js';
import { SCRIPT_CODE, disable } from './scripts.js';

/** The process by which a member that a person made runs as yet. */
export interface FormerProcess {
  readonly pid: number;
  /** The main process of the unit that the record names. */
  readonly isUnits: boolean;
  readonly words: readonly string[];
  readonly environment: readonly string[];
  readonly config: string | undefined;
  readonly cwd: string;
  /** Seconds after the boot at which it started; absent when it went while we looked. */
  readonly startedSeconds: number | undefined;
}

/**
 * For the look, after `say` and `field`: the process of the former unit, else any other etcd that has the database of this
 * data directory open. Which it is, the kernel says, whatever its flags are. Finds none where our own unit runs.
 */
export const formerLook = ({ former, dataDir, unit }: HostPaths): string =>
  former === undefined
    ? ''
    : `former() {
  main=${mainOf(former)}
  ours=$(systemctl show -p MainPID --value ${unit})
  if [ "\${main:-0}" != 0 ]; then echo "$main"; return; fi
  for other in $(grep -ls '^etcd' /proc/[0-9]*/comm | cut -d / -f 3 | sort -n); do
    if [ "$other" != "\${ours:-0}" ] && ls -l "/proc/$other/fd" 2> /dev/null | grep -qF ${q(` -> ${dataDir}/member/snap/db`)}; then
      echo "$other"; return
    fi
  done
}
previous=$(former)
# What systemd is about to turn into etcd has another command line for a moment.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  case $(cat "/proc/\${previous:-0}/comm" 2> /dev/null) in etcd* | '') break ;; esac
  sleep 0.02
done
if [ -n "$previous" ] && [ -e "/proc/$previous/exe" ]; then
  say former.pid "$previous"
  say former.main "${mainOf(former)}"
  field former.cmdline < "/proc/$previous/cmdline"
  field former.stat < "/proc/$previous/stat"
  say former.cwd "$(readlink "/proc/$previous/cwd")"
  environment=$(tr '\\0' '\\n' < "/proc/$previous/environ" | grep '^ETCD_' || :)
  say former.environment "$environment"
${configFile('previous')}
  [ -z "$config" ] || ! [ -r "$config" ] || field former.config < "$config"
fi
`;

/** The main process of the former unit, for a script; 0 where there is none. */
const mainOf = ({ unit }: FormerPaths): string =>
  unit === undefined ? '0' : `$(systemctl show -p MainPID --value ${q(unit.name)})`;

/** Sets `config`: the configuration file of the process in `$NAME`, from its command line or `$environment`. */
const configFile = (
  name: string,
): string => `  config=$(tr '\\0' '\\n' < "/proc/$${name}/cmdline" | awk 'take { print; take = 0 } /^--?config-file=/ { sub(/^[^=]*=/, ""); print } /^--?config-file$/ { take = 1 }' | tail -n 1)
  [ -n "$config" ] || config=$(printf '%s\\n' "$environment" | sed -n 's/^ETCD_CONFIG_FILE=//p')
  case $config in '' | /*) ;; *) config=$(readlink "/proc/$${name}/cwd")/$config ;; esac`;

/**
 * For a start, and before data go, under the host's lock: the former unit does not start again, by a boot, by a person or by another unit. Its
 * file is kept first, durably; what stands in its place then says nothing can be started. May be repeated.
 */
export const putFormerOut = ({ former, stateDir }: HostPaths): string =>
  former?.unit === undefined ? '' : putUnitOut(former.unit, stateDir);

const putUnitOut = (
  { name: unit, file: unitFile, keptFile }: FormerUnit,
  stateDir: string,
): string => `
if [ "$(readlink ${q(unitFile)})" != /dev/null ]; then
  [ "$(standing ${q(unit)})" = ended ] || exit ${SCRIPT_CODE.changed}
  case "$(property SubState ${q(unit)})" in auto-restart*) systemctl stop ${q(unit)} ;; esac
  ( ${disable(q(unit))} ) || :
  mkdir -p -m 700 /var/lib/quorate ${q(stateDir)} "$(dirname ${q(keptFile)})"
  if [ -e ${q(unitFile)} ] || [ -L ${q(unitFile)} ]; then
    cp -a ${q(unitFile)} ${q(`${keptFile}.new`)}
    [ -L ${q(`${keptFile}.new`)} ] || sync ${q(`${keptFile}.new`)}
    mv -fT ${q(`${keptFile}.new`)} ${q(keptFile)}
    sync "$(dirname ${q(keptFile)})" ${q(stateDir)}
  fi
  ln -sfn /dev/null ${q(`${unitFile}.new`)}
  mv -fT ${q(`${unitFile}.new`)} ${q(unitFile)}
  sync "$(dirname ${q(unitFile)})"
  systemctl daemon-reload
fi
[ "$(standing ${q(unit)})" = ended ] || exit ${SCRIPT_CODE.changed}
`;

/** The unit of start times in /proc/PID/stat: USER_HZ, 100 on every Linux. */
const TICKS_PER_SECOND = 100;

/** Takes apart what `formerLook` printed; undefined: nothing of it runs. */
export function formerProcessIn(parts: ReadonlyMap<string, Buffer>): FormerProcess | undefined {
  const text = (name: string): string => parts.get(`former.${name}`)?.toString('utf8') ?? '';
  const pid = Number(text('pid'));
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  const stat = text('stat');
  // The second field is the program's name in parentheses and may hold blanks and parentheses itself.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return {
    pid,
    isUnits: Number(text('main')) === pid,
    words: text('cmdline').split('\0').slice(0, -1),
    environment: text('environment')
      .split('\n')
      .filter((line) => line !== ''),
    config: parts.has('former.config') ? text('config') : undefined,
    cwd: text('cwd').trim(),
    startedSeconds: Number.isNaN(ticks) ? undefined : ticks / TICKS_PER_SECOND,
  };
}

/** Its flags as a settled life of ours would say them; the error says why they cannot be read. */
export async function formerFlags(
  { words, environment, config, cwd }: FormerProcess,
  { version }: FormerPaths,
): Promise<Result<StartFlags, string>> {
  // The kernel has no words any more of a process that is ending; without flags etcd would be taken to run with its defaults.
  if (words.length === 0) return err('it is ending');
  const [{ flagsOfProcess, settledFlags }, { minorOf }] = await Promise.all([
    import('../../core/adoption/index.js'),
    import('../../core/cluster/index.js'),
  ]);
  const given = flagsOfProcess(
    { words, environment, ...(config === undefined ? {} : { config }) },
    minorOf(version),
  );
  if (!given.ok) return given;
  const flags = settledFlags(given.value, version);
  const dataDir = plainPath(flags['data-dir'] ?? '');
  const absolute = dataDir.startsWith('/') ? dataDir : plainPath(`${cwd}/${dataDir}`);
  return ok({ ...flags, 'data-dir': absolute });
}

const plainPath = (path: string): string =>
  path.replaceAll(/\/(\.?\/)+/g, '/').replace(/(.)\/\.?$/, '$1');
