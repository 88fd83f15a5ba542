import type { EtcdProcess, HostFacts } from '../facts.js';
import { isOwn } from '../handshakes.js';
import type { PreflightHost, PreflightWish } from '../hosts.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** Whatever shows that another etcd is or was on the host: it would share disk and ports with the member. */
export function judgeOtherEtcd(
  wish: PreflightWish,
  host: PreflightHost,
  { etcd }: HostFacts,
): readonly Verdict[] {
  const says = judgeOf('other-etcd', host.host);
  const found: Verdict[] = [];
  const others = etcd.processes.filter((each) => !isOwn(host, each));
  if (others.length > 0) {
    const [first] = others;
    const summary =
      others.length === 1
        ? `Another etcd runs here: ${processText(first)}`
        : `${others.length} other etcd run here`;
    found.push(
      says.warning(summary, {
        detail: others.length === 1 ? '' : others.map(processText).join('\n'),
        hint: 'Members on one disk slow each other. Is it a member of a cluster that is needed?',
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
  const data = etcd.dataDirs.filter((dataDir) => !host.dataDirs.includes(dataDir));
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

function processText(process: EtcdProcess | undefined): string {
  if (process === undefined) return '';
  const { pid, dataDir, isContained } = process;
  const where = isContained ? ' in a container' : '';
  return `process ${pid}${where}${dataDir === undefined ? '' : ` with its data in ${dataDir}`}`;
}
