import type { ConsumerProgram } from '../../core/cluster/index.js';
import { flagsOf } from './flags.js';

/** A text as one word of sh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * What the scripts below share. Each line that they print begins with what it tells; files are printed in base64, so that
 * nothing in them can be taken for something else. Of a command line and an environment only what names endpoints is told, and of
 * the files that it names for TLS only certificates, as the process itself sees them.
 */
const TOOLS = `
emit() {
  if [ -f "$1" ]; then printf 'file %s\\nsum %s\\n' "$1" "$(cksum < "$1")"; base64 < "$1" | sed 's/^/  /'; else printf 'missing %s\\n' "$1"; fi
}
age() {
  awk -v up="$(cut -d' ' -f1 /proc/uptime)" '{ sub(/^.*\\) /, ""); printf "%d", up - $20 / 100 }' "/proc/$1/stat"
}
tree() {
  echo "$1"
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$child"; done
}
named() {
  path=$(tr '\\0' '\\n' < "/proc/$1/cmdline" | sed -n -E -e "/^--?$2=/{s/^[^=]*=//p;q;}" -e "/^--?$2\\$/{n;p;q;}")
  [ -n "$path" ] || [ -z "$3" ] || path=$(tr '\\0' '\\n' < "/proc/$1/environ" | sed -n "s/^$3=//p" | head -n 1)
  case $path in '') return 1 ;; /*) path="/proc/$1/root$path" ;; *) path="/proc/$1/cwd/$path" ;; esac
  [ -r "$path" ]
}
certificates() {
  sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' "$path" | base64 | sed 's/^/  /'
}
newer() {
  written=$(stat -L -c %.2Y "$path" 2>/dev/null) || written=$(stat -L -c %Y "$path")
  awk -v now="$(date +%s.%N)" -v up="$(cut -d' ' -f1 /proc/uptime)" -v written="$written" '{ sub(/^.*\\) /, ""); exit !(written > now - up + $20 / 100) }' "/proc/$1/stat"
}
process() {
  [ -r "/proc/$1/cmdline" ] || return 0
  seconds=$(age "$1" 2>/dev/null) || return 0
  printf 'process %s %s\\n' "$1" "$seconds"
  tr '\\0' '\\n' < "/proc/$1/cmdline" | grep -A1 -E -e "^--?$flag(=|\\$)" | sed 's/^/arg /'
  [ -z "$variable" ] || tr '\\0' '\\n' < "/proc/$1/environ" | grep "^$variable=" | sed 's/^/env /'
  if named "$1" "$ca" "$caVariable"; then
    if newer "$1"; then echo 'authorities unread'; else echo 'authorities read'; fi
    certificates
    if named "$1" "$certificate" "$certificateVariable"; then echo 'shows'; certificates; fi
  fi
  { ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]$/own \\1/p'
    cat "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null
  } | awk '$1 == "own" { own[$2] = 1; next } $4 == "01" && ($10 in own) { print "tcp", $3 }' | sort -u
}
`;

/** Reads the files and the process of a consumer. */
export function lookScript(program: ConsumerProgram, stateDir: string): string {
  const marks = `emit ${quoted(`${stateDir}/pending`)}\nemit ${quoted(`${stateDir}/refused`)}\n`;
  if (program.kind === 'file') return `${TOOLS}${marks}emit ${quoted(program.path)}\n`;
  const { endpoints, variable = '', process, ca, certificate } = flagsOf(program);
  const names = {
    flag: endpoints,
    variable,
    ca: ca.flag,
    caVariable: ca.variable ?? '',
    certificate: certificate.flag,
    certificateVariable: certificate.variable ?? '',
  };
  const head = `${TOOLS}${Object.entries(names)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join('')}${marks}`;
  if (program.at.kind === 'manifest') {
    return `${head}emit ${quoted(program.at.path)}
here=$(readlink /proc/self/ns/net)
for entry in /proc/[0-9]*; do
  # Those of containers with a network of their own are not this host's.
  [ "$(readlink "$entry/ns/net" 2>/dev/null)" = "$here" ] || continue
  name=$({ tr '\\0' '\\n' < "$entry/cmdline"; } 2>/dev/null | head -n 1)
  [ "\${name##*/}" != ${quoted(process)} ] || process "\${entry##*/}"
done
exit 0
`;
  }
  const { unit, environmentFile } = program.at;
  return `${head}unit=${quoted(unit)}
shown=$(systemctl show -p LoadState -p ActiveState -p SubState -p Result -p MainPID -p FragmentPath -p DropInPaths -p EnvironmentFiles -- "$unit") || exit 1
printf '%s\\n' "$shown" | sed 's/^/show /'
for path in $(printf '%s\\n' "$shown" | sed -n 's/^FragmentPath=//p; s/^DropInPaths=//p'); do printf 'unit\\n'; emit "$path"; done
for path in $(printf '%s\\n' "$shown" | sed -n 's/^EnvironmentFiles=\\([^ ]*\\).*/\\1/p') ${environmentFile === undefined ? '' : quoted(environmentFile)}; do printf 'environment\\n'; emit "$path"; done
pid=$(printf '%s\\n' "$shown" | sed -n 's/^MainPID=//p')
if [ "\${pid:-0}" != 0 ]; then for each in $(tree "$pid"); do process "$each"; done; fi
exit 0
`;
}

/** What takes a look at the first answer to ask: what names mean there, whether it is ready, its own check. */
export interface Questions {
  readonly names: readonly string[];
  readonly readyz?: string;
  readonly check?: string;
}

export const askScript = ({ names, readyz, check }: Questions): string =>
  [
    ...names.map(
      (name) =>
        `getent ahosts ${quoted(name)} | awk '{ print $1 }' | sort -u | sed ${quoted(`s/^/name ${name} /`)}`,
    ),
    ...(readyz === undefined ? [] : [readyzScript(readyz)]),
    ...(check === undefined
      ? []
      : [
          `said=$( (${check}\n) 2>&1 ) && echo 'check ok' || echo "check failed: $(printf '%s' "$said" | tail -n 1)"`,
        ]),
    'exit 0',
  ].join('\n');

/**
 * Without looking at its certificate: it is this host's own port, and nothing secret goes there. One that lets nobody ask
 * without a name (401, 403) answers all the same; whether it has etcd, its connections say.
 */
const readyzScript = (url: string): string => `
if command -v curl >/dev/null 2>&1; then
  said=$(curl -sSk --max-time 5 -w '\\n%{http_code}' ${quoted(url)} 2>&1) && code=$(printf '%s\\n' "$said" | tail -n 1) || code=none
  case $code in 200|401|403) echo 'ready ok' ;; *) echo "ready $code: $(printf '%s' "$said" | grep -e '^\\[-\\]' -e '^curl' | head -n 3 | tr '\\n' ' ')" ;; esac
elif command -v wget >/dev/null 2>&1; then
  said=$(wget -q -O - --no-check-certificate --timeout=5 --tries=1 ${quoted(url)} 2>&1) && echo 'ready ok' || echo "ready none: $said"
else echo 'ready none: neither curl nor wget is there to ask with'; fi`;

export interface Writing {
  readonly path: string;
  readonly stateDir: string;
  /** `cksum` of what was read; absent: no file was there. */
  readonly read?: string;
  readonly byteCount: number;
  /** The JSON of what is being told. */
  readonly pending: string;
  /** Files that must be there. */
  readonly needs: readonly string[];
}

/**
 * Writes standard input into the file, atomically, with its owner and mode. What was there is kept in the state directory,
 * unless that holds what was there before a change that was never ended. The temporary begins with a dot: the kubelet
 * leaves such names in its directory alone, and nothing else on the same file system is as sure to be.
 */
export const writeScript = ({
  path,
  stateDir,
  read,
  byteCount,
  pending,
  needs,
}: Writing): string => `
set -eu
umask 077
path=$(readlink -f ${quoted(path)} || echo ${quoted(path)}); dir=${quoted(stateDir)}
temporary="\${path%/*}/.\${path##*/}.quorate"
trap 'rm -f "$temporary"' EXIT
${needs.map((file) => `[ -f ${quoted(file)} ] || { echo ${quoted(`${file} is not there`)} >&2; exit 8; }`).join('\n')}
mkdir -p "$dir"
rm -f "$temporary"
${
  read === undefined
    ? `[ ! -e "$path" ] || { echo 'somebody else made the file meanwhile' >&2; exit 9; }
[ -e "$dir/pending" ] || { rm -f "$dir/kept"; : > "$dir/absent"; }
: > "$temporary"; chmod 644 "$temporary"`
    : `[ "$(cksum < "$path")" = ${quoted(read)} ] || { echo 'somebody else changed the file meanwhile' >&2; exit 9; }
[ -e "$dir/pending" ] || { rm -f "$dir/absent"; cp -p "$path" "$dir/kept.new"; mv -f "$dir/kept.new" "$dir/kept"; }
cp -p "$path" "$temporary"`
}
cat > "$temporary"
[ "$(wc -c < "$temporary")" -eq ${byteCount} ] || { echo 'the new content did not come whole' >&2; exit 7; }
printf '%s\\n' ${quoted(pending)} > "$dir/pending.new"; mv -f "$dir/pending.new" "$dir/pending"
sync
mv -f "$temporary" "$path"
sync
`;

/** Puts back what was kept, in the same way. */
export const putBackScript = (path: string, stateDir: string): string => `
set -eu
path=$(readlink -f ${quoted(path)} || echo ${quoted(path)}); dir=${quoted(stateDir)}
if [ -e "$dir/absent" ]; then rm -f "$path"; exit 0; fi
[ -f "$dir/kept" ] || { echo 'nothing was kept' >&2; exit 9; }
temporary="\${path%/*}/.\${path##*/}.quorate"
cp -p "$dir/kept" "$temporary"
sync
mv -f "$temporary" "$path"
sync
`;

/** Nothing is under way any more; `refused` is what the last try ended with, absent when it ended well. */
export const endScript = (stateDir: string, refused?: string): string => `
set -eu
umask 077
dir=${quoted(stateDir)}
${refused === undefined ? 'rm -f "$dir/refused"' : noting(refused)}
rm -f "$dir/pending"
`;

/** Notes a try, and leaves what may be under way as it is. */
export const refuseScript = (stateDir: string, refused: string): string => `
set -eu
umask 077
dir=${quoted(stateDir)}
${noting(refused)}
`;

const noting = (refused: string): string =>
  `mkdir -p "$dir"; printf '%s\\n' ${quoted(refused)} > "$dir/refused.new"; mv -f "$dir/refused.new" "$dir/refused"`;

/** Lets the program take what its file says. The kubelet needs no asking. */
export function restartScript(program: ConsumerProgram): string | undefined {
  if (program.kind === 'file') return program.reload;
  if (program.at.kind === 'manifest') return undefined;
  const unit = quoted(program.at.unit);
  return `systemctl daemon-reload && { systemctl reset-failed -- ${unit} 2>/dev/null || true; } && systemctl restart --no-block -- ${unit}`;
}
