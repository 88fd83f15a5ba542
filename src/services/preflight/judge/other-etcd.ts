import type { HostFacts } from '../facts.js';
import type { PreflightHost, PreflightWish } from '../hosts.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** Whatever shows that another etcd is or was on the host: it would share disk and ports with the member. */
export function judgeOtherEtcd(
  wish: PreflightWish,
  { host, dataDirs }: PreflightHost,
  { etcd }: HostFacts,
): readonly Verdict[] {
  const says = judgeOf('other-etcd', host);
  const isOurs = (dataDir: string | undefined): boolean =>
    dataDir !== undefined && dataDirs.includes(dataDir);
  const found: Verdict[] = [];
  for (const { pid, commandLine, dataDir } of etcd.processes.filter(
    (each) => !isOurs(each.dataDir),
  )) {
    const at = dataDir === undefined ? '' : ` with its data in ${dataDir}`;
    found.push(
      says.warning(`Another etcd runs here: process ${pid}${at}`, {
        detail: commandLine,
        hint: 'Two members on one disk slow each other. Is it a member of a cluster that is needed?',
      }),
    );
  }
  const units = etcd.units.filter(({ unit }) => !wish.ownUnits.includes(unit));
  const active = units.filter(({ state }) => state === 'active' || state === 'activating');
  if (active.length > 0 && found.length === 0) {
    const names = active.map(({ unit }) => unit).join(', ');
    found.push(
      says.warning(`Another etcd is a service here: ${names}`, {
        hint: `If nobody needs it:\n  systemctl disable --now ${active.map(({ unit }) => unit).join(' ')}`,
      }),
    );
  }
  const data = etcd.dataDirs.filter((dataDir) => !isOurs(dataDir));
  if (data.length > 0) {
    found.push(
      says.warning(`Another etcd has left its data here: ${data.join(', ')}`, {
        hint: 'It is left alone. If nobody needs it, move it away.',
      }),
    );
  }
  if (etcd.manifest !== undefined) {
    found.push(
      says.warning(`The kubelet starts an etcd here: ${etcd.manifest}`, {
        hint: 'It takes the usual ports. Move the manifest away when its cluster is not needed.',
      }),
    );
  }
  if (found.length > 0) return found;
  const idle = [
    ...etcd.packages.map((name) => `package ${name}`),
    ...units.map(({ unit }) => unit),
    ...(etcd.binary === undefined ? [] : [etcd.binary]),
  ];
  return [says.ok(idle.length === 0 ? 'none' : `none runs; there is ${idle.join(', ')}`)];
}
