import type { BackendState } from './backend.js';

/** Why a live connection was closed by the gateway. */
export type CutReason = 'dead' | 'left' | 'gateway-ends';
export type RejectReason = 'too-many' | 'no-backend';

/** What is counted while the gateway runs. */
export interface Counts {
  accepted: number;
  readonly rejected: Record<RejectReason, number>;
  readonly cut: Record<CutReason, number>;
}

export interface BackendCounts {
  toBackendBytes: number;
  toClientBytes: number;
  connected: number;
  failedDials: number;
}

export const newCounts = (): Counts => ({
  accepted: 0,
  rejected: { 'too-many': 0, 'no-backend': 0 },
  cut: { dead: 0, left: 0, 'gateway-ends': 0 },
});

export const newBackendCounts = (): BackendCounts => ({
  toBackendBytes: 0,
  toClientBytes: 0,
  connected: 0,
  failedDials: 0,
});

/** Everything as Prometheus reads it (text format 0.0.4). */
export function prometheusText(seen: {
  readonly counts: Counts;
  readonly connections: number;
  readonly states: readonly BackendState[];
  readonly backendCounts: ReadonlyMap<string, BackendCounts>;
}): string {
  const { counts, connections, states, backendCounts } = seen;
  const of = (value: (counts: BackendCounts) => number): readonly Sample[] =>
    [...backendCounts].map(([backend, each]) => [{ backend }, value(each)]);
  const byReason = (record: Readonly<Record<string, number>>): readonly Sample[] =>
    Object.entries(record).map(([reason, count]) => [{ reason }, count]);
  const flags = (value: (state: BackendState) => boolean): readonly Sample[] =>
    states.map((state) => [{ backend: state.backend.url }, Number(value(state))]);
  return [
    family('connections_accepted_total', 'counter', 'Client connections taken.', [
      [{}, counts.accepted],
    ]),
    family(
      'connections_rejected_total',
      'counter',
      'Client connections closed before they reached a backend.',
      byReason(counts.rejected),
    ),
    family(
      'connections_cut_total',
      'counter',
      'Live connections that the gateway closed.',
      byReason(counts.cut),
    ),
    family('connections', 'gauge', 'Live client connections.', [[{}, connections]]),
    family(
      'backend_connections',
      'gauge',
      'Live connections by backend.',
      states.map(({ backend, connections: live }) => [{ backend: backend.url }, live]),
    ),
    family(
      'backend_in',
      'gauge',
      '1 while new connections go to this backend by its health.',
      flags(({ isIn }) => isIn),
    ),
    family(
      'backend_leader',
      'gauge',
      '1 while this backend leads, as far as can be seen.',
      flags(({ isLeader }) => isLeader),
    ),
    family(
      'backend_condition',
      'gauge',
      'The condition of this backend, as a label.',
      states.map(({ backend, condition }) => [{ backend: backend.url, condition }, 1]),
    ),
    family(
      'backend_probe_seconds',
      'gauge',
      'How long the last answered probe took.',
      states.flatMap(({ backend, latencyMs }): readonly Sample[] =>
        latencyMs === undefined ? [] : [[{ backend: backend.url }, latencyMs / 1000]],
      ),
    ),
    family(
      'backend_connected_total',
      'counter',
      'Connections made to this backend.',
      of(({ connected }) => connected),
    ),
    family(
      'backend_failed_dials_total',
      'counter',
      'Connections that this backend did not take.',
      of(({ failedDials }) => failedDials),
    ),
    family(
      'backend_sent_bytes_total',
      'counter',
      'Bytes from clients to this backend.',
      of(({ toBackendBytes }) => toBackendBytes),
    ),
    family(
      'backend_received_bytes_total',
      'counter',
      'Bytes from this backend to clients.',
      of(({ toClientBytes }) => toClientBytes),
    ),
  ].join('');
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

function family(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string {
  const full = `quorate_gateway_${name}`;
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${full}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  });
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...lines, ''].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
