import type { EtcdClient, EtcdMember } from '../../src/etcd/index.js';
import { until } from './wait.js';

const CALL_MS = 10_000;

/** As soon as every member of the cluster is listed with a name: it has started and says so. */
export async function allStarted(
  client: EtcdClient,
  count: number,
): Promise<readonly EtcdMember[]> {
  return await until(`${count} members have started`, async () => {
    const list = await client.cluster.memberListLinearizable({ deadlineMs: 2_000 });
    if (!list.ok) return { seen: list.error.message };
    const { members } = list.value;
    const started = members.filter(({ name }) => name !== '');
    return started.length === count && members.length === count
      ? { done: members }
      : { seen: members };
  });
}

/** etcd refuses an addition until every member has been connected for a few seconds. */
export async function addWhenHealthy(
  client: EtcdClient,
  peerURL: string,
): Promise<readonly EtcdMember[]> {
  return await until(`a member at ${peerURL} is added`, async () => {
    const added = await client.cluster.memberAdd(
      { peerURLs: [peerURL], isLearner: false },
      { deadlineMs: CALL_MS },
    );
    return added.ok ? { done: added.value.members } : { seen: added.error.message };
  });
}

/** It refuses the removal of a member that is connected just so. */
export async function removeWhenHealthy(client: EtcdClient, id: EtcdMember['id']): Promise<void> {
  await until(`the member ${id} is removed`, async () => {
    const gone = await client.cluster.memberRemove(id, { deadlineMs: CALL_MS });
    if (gone.ok) return { done: true };
    // Whoever asks the very member that goes may never hear that it went.
    const list = await client.cluster.memberListLinearizable({ deadlineMs: CALL_MS });
    const isGone = list.ok && list.value.members.every((member) => member.id !== id);
    return isGone ? { done: true } : { seen: gone.error.message };
  });
}
