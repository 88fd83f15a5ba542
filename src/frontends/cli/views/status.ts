import { type JsonValue, type Problem, formatSizeBytes } from '../../../base/index.js';
import type {
  ClusterState,
  MemberReport,
  ProxyReport,
  StatusReport,
} from '../reports/status-report.js';
import type { ConsumerReport, ConsumerState } from '../reports/consumer-report.js';
import type { Style } from '../io.js';
import { firstToExpire } from '../reports/certificate-report.js';
import { dateText, iso, leafData } from './certificates.js';
import { planData } from './plan.js';
import { driftView, problemData, problemsView } from './problems.js';
import { indent, table } from './table.js';
import { rotationText } from './rotation.js';
import type { View } from './view.js';
import { sentenceOf } from '../../../core/planner/index.js';
import { describeStep } from '../../../engine/journal/index.js';
import { marginText } from './progress.js';

export const statusView: View<StatusReport> = {
  text: (report, style) =>
    headline(report, style) +
    controllerLine(report, style) +
    '\n' +
    membersTable(report.members, style) +
    proxiesTable(report.proxies, style) +
    consumersTable(report, style) +
    certificatesLine(report, style) +
    (report.rotation === undefined ? '' : `\n${rotationText(report.rotation)}\n`) +
    troubles([...report.members, ...report.proxies, ...report.consumers], style) +
    driftText(report.drift, style) +
    '\n' +
    planLine(report, style),
  data: ({ cluster, members, proxies, consumers, rotation, plan, drift }) => ({
    cluster: {
      name: cluster.name,
      id: cluster.id ?? null,
      version: cluster.version,
      state: cluster.state,
      voters: cluster.voters,
      quorum: cluster.quorum,
      margin: cluster.margin,
    },
    members: members.map(memberData),
    proxies: proxies.map((proxy) => ({
      name: proxy.name,
      host: proxy.host,
      running: proxy.running,
      clientURLs: proxy.clientURLs,
      problems: proxy.problems.map(problemData),
    })),
    consumers: consumers.map(consumerData),
    rotation:
      rotation === undefined
        ? null
        : {
            next: rotation.next,
            clients: rotation.clients,
            consumers: rotation.consumers.map(({ consumer, because }) => ({ consumer, because })),
          },
    plan: planData(plan),
    drift: drift.map(problemData),
  }),
};

/** The fields are part of the contract (DESIGN.md); what is not known is null. */
export const memberData = (member: MemberReport): JsonValue => ({
  name: member.name,
  id: member.id ?? null,
  host: member.host,
  role: member.role,
  leader: member.leader,
  healthy: member.healthy,
  version: member.version ?? null,
  peerURLs: member.peerURLs,
  clientURLs: member.clientURLs,
  raftIndex: member.raftIndex === undefined ? null : member.raftIndex.toString(),
  dbSizeBytes: member.dbSizeBytes ?? null,
  certificates: member.certificates.map(leafData),
  problems: member.problems.map(problemData),
});

const STATE_STYLE = {
  healthy: 'good',
  forming: 'warn',
  degraded: 'warn',
  unknown: 'warn',
  'quorum-lost': 'bad',
} as const satisfies Record<ClusterState, keyof Style>;

function headline({ cluster, asked }: StatusReport, style: Style): string {
  const state = asked === 'down' ? 'down, as asked' : cluster.state;
  const paint = style[STATE_STYLE[cluster.state]];
  const id = cluster.id === undefined ? '' : `  id ${cluster.id}`;
  return `${style.bold(cluster.name)}  ${paint(state)}  ${quorumText(cluster)}  etcd ${cluster.version}${id}\n`;
}

function quorumText({ voters, quorum, margin }: StatusReport['cluster']): string {
  const meaning = margin < 0 ? 'no quorum' : margin === 0 ? 'none may fail' : `${margin} may fail`;
  const noun = voters === 1 ? 'voter' : 'voters';
  return `${voters} ${noun}, quorum ${quorum}, margin ${margin} (${meaning})`;
}

function controllerLine(report: StatusReport, style: Style): string {
  const { controller, paused, asked, restartedBy, cluster } = report;
  if (paused) return `${style.warn('paused: observed, and no step is taken')}\n`;
  if (controller !== undefined) {
    const { pid, purpose, seat } = controller;
    const where = seat === undefined ? '' : ` of ${seat}`;
    return style.dim(`kept by process ${pid}${where} (${purpose})`) + '\n';
  }
  if (asked === 'down') return '';
  return restartedBy === 'systemd'
    ? `${style.dim('systemd restarts its members')}; to have a lost one repaired too:\n  quorate run ${cluster.name}\n`
    : `${style.warn('nobody keeps it')}: a member that dies stays dead until\n  quorate up\n`;
}

function membersTable(members: readonly MemberReport[], style: Style): string {
  const rows = members.map((member) => [
    member.name === '' ? '-' : member.name,
    member.leader ? style.bold('leader') : member.role,
    member.healthy ? style.good('healthy') : style.bad('not healthy'),
    member.version ?? '-',
    member.lag === undefined ? '-' : member.lag.toString(),
    member.dbSizeBytes === undefined ? '-' : formatSizeBytes(member.dbSizeBytes),
    listText(member.clientURLs),
    listText(member.peerURLs),
    member.id ?? '-',
  ]);
  const head = ['NAME', 'ROLE', 'HEALTH', 'VERSION', 'LAG', 'SIZE', 'CLIENT', 'PEER', 'ID'];
  return table([head.map((word) => style.dim(word)), ...rows]);
}

const listText = (items: readonly string[]): string => (items.length === 0 ? '-' : items.join(','));

function proxiesTable(proxies: readonly ProxyReport[], style: Style): string {
  if (proxies.length === 0) return '';
  const rows = proxies.map(({ name, running, clientURLs }) => [
    name,
    running ? style.good('forwards') : style.bad('not running'),
    listText(clientURLs),
  ]);
  const head = ['PROXY', 'STATE', 'CLIENT'];
  return `\n${table([head.map((word) => style.dim(word)), ...rows])}`;
}

const consumerData = (consumer: ConsumerReport): JsonValue => ({
  name: consumer.name,
  host: consumer.host,
  state: consumer.state,
  endpoints: consumer.endpoints,
  connectedTo: consumer.connectedTo,
  certificate:
    consumer.certificate === undefined
      ? null
      : {
          issuer: consumer.certificate.issuer ?? null,
          notAfter: iso(consumer.certificate.notAfter),
        },
  because: consumer.because ?? null,
  problems: consumer.problems.map(problemData),
});

const CONSUMER_STYLE = {
  connected: 'good',
  unknown: 'dim',
  unseen: 'warn',
  disconnected: 'bad',
  broken: 'bad',
  unusable: 'bad',
} as const satisfies Record<ConsumerState, keyof Style>;

function consumersTable({ consumers, now }: StatusReport, style: Style): string {
  if (consumers.length === 0) return '';
  const rows = consumers.map(({ name, state, connectedTo, endpoints, certificate, because }) => [
    name,
    style[CONSUMER_STYLE[state]](
      (state === 'connected' ? `connected to ${connectedTo.length}` : state) +
        (because === undefined ? '' : `: ${because}`),
    ),
    certificate === undefined ? '-' : dateText(certificate.notAfter, now),
    listText(endpoints),
  ]);
  const head = ['CONSUMER', 'STATE', 'CERTIFICATE', 'ENDPOINTS'];
  return `\n${table([head.map((word) => style.dim(word)), ...rows])}`;
}

/** One line: which certificate expires first. `quorate certificates list` has them all. */
function certificatesLine({ members, now }: StatusReport, style: Style): string {
  const leafs = members.flatMap(({ certificates }) => certificates);
  const first = firstToExpire(leafs);
  if (first?.notAfter === undefined) return '';
  const faulty = leafs.filter(({ fault }) => fault !== undefined).length;
  const rest = faulty === 0 ? '' : `; ${style.warn(`${faulty} to be renewed`)}`;
  return `\ncertificates: ${first.host}'s expires first, ${dateText(first.notAfter, now)}${rest}\n`;
}

function troubles(
  members: readonly { readonly problems: readonly Problem[] }[],
  style: Style,
): string {
  const all = members.flatMap(({ problems }) => problems);
  return all.length === 0 ? '' : `\n${problemsView.text(all, style)}`;
}

const driftText = (drift: readonly Problem[], style: Style): string =>
  drift.length === 0 ? '' : `\n${driftView(drift, style)}`;

/** One line: the first step and how many follow. `quorate plan` has them all. */
function planLine({ plan }: StatusReport, style: Style): string {
  const [next] = plan.steps;
  if (next !== undefined) {
    const more = plan.steps.length - 1;
    const rest = more === 0 ? '' : ` and ${more} more (quorate plan)`;
    return (
      `next: ${style.bold(describeStep(next.step))}${rest}\n` +
      indent(`${sentenceOf(next.because)}; ${marginText(next.margin, next.because)}\n`, '      ')
    );
  }
  if (plan.kind === 'converged') return `plan: ${style.good('converged')}\n`;
  if (plan.wait !== undefined) {
    return `plan: ${style.warn('waiting')} for ${plan.wait.for}: ${sentenceOf(plan.wait.because)}\n`;
  }
  return plan.problem === undefined
    ? ''
    : `plan: ${style.warn('blocked')}\n${indent(problemsView.text([plan.problem], style))}`;
}
