import { createClient } from '../../../src/etcd/index.js';
import { until } from '../../lab/wait.js';
import type { Stage } from './stage.js';

/** One member, by etcd's own answers and the kernel's table of processes. */
export interface SurveyedMember {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly isLearner: boolean;
  readonly peerURLs: readonly string[];
  readonly clientURL: string;
  /** Without those that are read only while the data directory is empty. */
  readonly flags: Readonly<Record<string, string>>;
}

export interface Survey {
  readonly clusterID: string;
  readonly leader: string | undefined;
  /** By host. Empty when no member runs. */
  readonly members: readonly SurveyedMember[];
}

const CALL_MS = 2000;

/** What the cluster is now, in etcd's own words. Waits until every member answers and all name one leader. */
export async function survey(stage: Stage): Promise<Survey> {
  if ((await stage.processes()).size === 0) {
    return { clusterID: await stage.clusterID(), leader: undefined, members: [] };
  }
  return until('every member answers and names the same leader', () => look(stage), {
    timeoutMs: 20_000,
  });
}

async function look(stage: Stage): Promise<{ done: Survey } | { seen: unknown }> {
  const processes = await stage.processes();
  const endpoints = [...processes.values()].map(
    ({ flags }) => flags['advertise-client-urls'] ?? '',
  );
  const client = createClient({ endpoints, tls: stage.tls });
  try {
    const list = await client.cluster.memberListLinearizable({ deadlineMs: CALL_MS });
    if (!list.ok) return { seen: list.error.message };
    const members: SurveyedMember[] = [];
    const leaders = new Set<string>();
    for (const [host, { flags }] of processes) {
      const clientURL = flags['advertise-client-urls'] ?? '';
      const status = await client.maintenance.status({ endpoint: clientURL, deadlineMs: CALL_MS });
      if (!status.ok) return { seen: `${host}: ${status.error.message}` };
      const { memberID } = status.value.header;
      const listed = list.value.members.find(({ id }) => id === memberID);
      if (listed === undefined) return { seen: `${host} is ${memberID}, which the list lacks` };
      leaders.add(status.value.leader ?? 'none');
      const { id, name, isLearner, peerURLs } = listed;
      members.push({ id, name, host, isLearner, peerURLs, clientURL, flags: settled(flags) });
    }
    if (members.length !== list.value.members.length) {
      return { seen: `${list.value.members.length} members, ${members.length} of them run` };
    }
    const [leader] = leaders;
    if (leaders.size !== 1 || leader === 'none') return { seen: `leaders: ${[...leaders].join()}` };
    const { clusterID } = list.value.header;
    members.sort((a, b) => (a.host < b.host ? -1 : 1));
    return { done: { clusterID, leader, members } };
  } finally {
    await client.close();
  }
}

const settled = (flags: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(flags)
      .filter(([name]) => !name.startsWith('initial-'))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/** What must be the same however often the controller died on the way: everything but who leads and the ids. */
export const endOf = ({ members }: Survey): string =>
  JSON.stringify(
    members.map(({ name, host, isLearner, peerURLs, flags }) => ({
      name,
      host,
      isLearner,
      peerURLs,
      flags,
    })),
  );
