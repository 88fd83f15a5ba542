import type { HandshakeSight } from '../handshakes.js';
import type { PreflightWish } from '../hosts.js';
import type { HostSight, WaySight } from '../sights.js';
import { type Verdict, judgeOf, verdictOf } from '../verdict.js';
import { judgeClocks, judgeTimeKeeping } from './clocks.js';
import { judgeHandshakes } from './handshakes.js';
import { judgeMachine } from './machine.js';
import { judgeNames } from './names.js';
import { judgeOtherEtcd } from './other-etcd.js';
import { judgePorts } from './ports.js';
import { judgeService } from './service.js';
import { judgeStorage } from './storage.js';
import { judgeWays } from './ways.js';

export interface Sights {
  readonly wish: PreflightWish;
  readonly hosts: readonly HostSight[];
  readonly ways: readonly WaySight[];
  readonly tls: readonly HandshakeSight[];
}

/** Everything that was seen, as verdicts: host by host, then the ways between them. */
export function judge({ wish, hosts, ways, tls }: Sights): readonly Verdict[] {
  return [
    ...hosts.flatMap((sight) => judgeHost(wish, sight, hosts)),
    ...judgeClocks(hosts),
    ...judgeWays(wish, hosts, ways),
    ...judgeHandshakes(tls),
  ];
}

function judgeHost(
  wish: PreflightWish,
  sight: HostSight,
  all: readonly HostSight[],
): readonly Verdict[] {
  const { host, login, facts } = sight;
  const says = judgeOf('login', host.host);
  if (login.kind === 'out') return [verdictOf(says, login.problem)];
  const ports = judgePorts(wish, sight);
  if (facts === undefined) return ports;
  if (facts.kind === 'unseen') {
    return [
      says.ok('logged in'),
      judgeOf('system', host.host).unseen(`The host was not looked at, because ${facts.because}`),
      ...ports,
    ];
  }
  return [
    says.ok('logged in'),
    ...judgeMachine(host.host, facts.value),
    ...(wish.keptBy === 'systemd' ? judgeService(host.host, facts.value, wish) : []),
    ...(wish.keptBy === 'systemd' ? [judgeTimeKeeping(host.host, facts.value)] : []),
    ...judgeStorage(wish, host, facts.value),
    ...ports,
    ...judgeOtherEtcd(wish, host, facts.value),
    ...judgeNames(wish, host, facts.value, all),
  ];
}
