import type { ClientURL, HostSight, TargetProxy } from '../../cluster/index.js';
import { retryAt } from '../guards.js';
import { blockedBy, stepOf } from '../make.js';
import type { Plan, Reason } from '../plan-types.js';
import { type Rule, type View, nameOn, sightOn } from '../view.js';

/**
 * What lies beyond the cluster's size forwards: every proxy of the spec has a gateway, and no other host has one. A
 * gateway has no vote and no data, so this needs no quorum; but a host that still is, or is about to be, a member's is
 * left to the rules about members.
 */
export const runGateways: Rule = (view) => {
  if (view.record.clusterID === undefined) return undefined;
  for (const proxy of view.target.proxies) {
    const plan = keepGateway(view, proxy, sightOn(view, proxy.host));
    if (plan !== undefined) return plan;
  }
  for (const sight of view.observation.hosts) {
    const isWanted = [...view.target.proxies, ...view.target.members].some(
      ({ host }) => host === sight.host,
    );
    const plan = isWanted ? undefined : stopGateway(view, sight, 'proxy-unwanted');
    if (plan !== undefined) return plan;
  }
  return undefined;
};

function keepGateway(view: View, proxy: TargetProxy, sight: HostSight): Plan | undefined {
  const { gateway } = sight;
  if (gateway?.kind === 'running') {
    if (gateway.flags['listen'] !== proxy.listenClientURLs.join(',')) {
      return stopGateway(view, sight, 'proxy-listens-elsewhere');
    }
    return namesOthers(view, gateway.flags['endpoints'])
      ? stopGateway(view, sight, 'proxy-names-others')
      : undefined;
  }
  if (!isFree(view, sight)) return undefined;
  if (gateway !== undefined && retryAt(gateway, view.now) > view.now) return undefined;
  const endpoints = endpointsOf(view);
  if (endpoints.length === 0) return undefined;
  const { host, name, listenClientURLs: listen } = proxy;
  return stepOf(
    view,
    { kind: 'start-gateway', host, name, launch: { listen, endpoints } },
    'proxy-not-running',
  );
}

const endpointsOf = ({ standing }: View): readonly ClientURL[] =>
  standing.voters.flatMap(({ member }) => member.clientURLs);

/**
 * Whether it forwards to others than the voters there are. A gateway that follows the member list by itself shows no
 * endpoints; one that does not, such as etcd's own, is started anew.
 */
function namesOthers(view: View, named: string | undefined): boolean {
  if (named === undefined || view.standing.listKind !== 'linearizable') return false;
  const wanted = endpointsOf(view);
  return wanted.length > 0 && [...wanted].sort().join(',') !== named.split(',').sort().join(',');
}

/** Seen, and no member's: none runs there, none has data there, none is registered there. */
const isFree = ({ standing }: View, { host, process, data }: HostSight): boolean =>
  process.kind === 'stopped' &&
  data.kind === 'empty' &&
  !standing.standings.some(({ sight }) => sight?.host === host);

/** Undefined when there is nothing to stop. */
export function stopGateway(view: View, sight: HostSight, because: Reason): Plan | undefined {
  if (sight.gateway?.kind !== 'running') return undefined;
  const { host } = sight;
  return stepOf(view, { kind: 'stop-gateway', host, name: nameOfProxy(view, sight) }, because);
}

const nameOfProxy = (view: View, sight: HostSight) =>
  view.target.proxies.find(({ host }) => host === sight.host)?.name ?? nameOn(view, sight);

/** When nothing else is left to do: a gateway that cannot run is told. */
export const tellGatewayTrouble: Rule = (view) => {
  for (const { host } of view.target.proxies) {
    const { gateway } = sightOn(view, host);
    if (gateway?.kind === 'stopped' && gateway.lastExit !== undefined) {
      return blockedBy(gateway.lastExit.problem);
    }
  }
  return undefined;
};
