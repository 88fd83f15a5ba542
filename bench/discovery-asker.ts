import { memberIDFrom } from '../src/services/discovery/identity.js';
import { type Asked, HTTPLane } from './http-lane.js';

const PREFIX = '/v2/keys/discovery';
export const MEMBERS = 3;

/** A service that is asked, by URL, and how it makes tokens. */
export interface Asking {
  readonly base: string;
  /** `named`: the asker names the token, as etcd's own API has it; `new`: the service does, as the public one did. */
  readonly makes: 'named' | 'new';
}

/** Makes a token, and answers the path below which it is. */
export async function makeToken(
  lane: HTTPLane,
  { base, makes }: Asking,
  name: string,
): Promise<string> {
  if (makes === 'named') {
    const path = `${PREFIX}/${name}`;
    const { status } = await lane.ask('PUT', `${path}/_config/size`, `value=${MEMBERS}`);
    if (status !== 201) throw new Error(`No token was made: ${status}`);
    return path;
  }
  const { status, body } = await lane.ask('GET', `/new?size=${MEMBERS}`);
  if (status !== 200 || !body.startsWith(base)) {
    throw new Error(`No token was made: ${status} ${body}`);
  }
  return body.slice(base.length);
}

const PLAIN = 'quorum=false&recursive=false&sorted=false';

/** Every request of three members that start one after the other (etcd-facts 2.1). */
async function birth(lanes: readonly HTTPLane[], asking: Asking, name: string): Promise<void> {
  const [first] = lanes;
  if (first === undefined) return;
  const path = await makeToken(first, asking, name);
  const waits: Promise<Asked>[] = [];
  for (const [i, lane] of lanes.entries()) {
    const get = (query: string, at = path) => lane.ask('GET', `${at}?${query}`);
    const peerURL = `http://10.0.0.${i}:2380`;
    const id = memberIDFrom([peerURL], asking.base + path);
    await get(PLAIN, `${path}/_config/size`);
    await get(PLAIN);
    const value = encodeURIComponent(`m${i}=${peerURL}`);
    const put = await lane.ask('PUT', `${path}/${id}?prevExist=false`, `value=${value}`);
    const index = Number(/"createdIndex":(\d+)/.exec(put.body)?.[1]);
    if (put.status !== 201 || !(index > 0)) {
      throw new Error(`Nobody was registered: ${put.status} ${put.body}`);
    }
    await get(`recursive=false&wait=true&waitIndex=${index}`, `${path}/${id}`);
    await get(PLAIN, `${path}/_config/size`);
    await get(PLAIN);
    if (i < lanes.length - 1) waits.push(get(`recursive=true&wait=true&waitIndex=${index + 1}`));
  }
  for (const event of await Promise.all(waits)) {
    if (!event.body.includes('createdIndex')) {
      throw new Error('A member that waits was told nothing.');
    }
  }
}

export type Work = 'tokens' | 'births';

export interface Pace {
  /** How often it was done. */
  readonly done: number;
  readonly perSecond: number;
  /** Processor time of this process for each, in µs. */
  readonly askerMicros: number;
}

/** Does the same over and over in all lanes at once. `prefix` keeps the names of one round from those of another. */
export async function pace(
  asking: Asking,
  work: Work,
  { prefix, lanes, ms }: { readonly prefix: string; readonly lanes: number; readonly ms: number },
): Promise<Pace> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let done = 0;
  const lane = async (at: number): Promise<void> => {
    const members = Array.from({ length: MEMBERS }, () => new HTTPLane(asking.base));
    const [first] = members;
    for (let i = 0; first !== undefined && performance.now() - startedAt < ms; i++) {
      const name = `${prefix}-${at}-${i}`;
      if (work === 'tokens') await makeToken(first, asking, name);
      else await birth(members, asking, name);
      done++;
    }
    for (const member of members) member.close();
  };
  await Promise.all(Array.from({ length: lanes }, (_, at) => lane(at)));
  const { user, system } = process.cpuUsage(before);
  return {
    done,
    perSecond: (done * 1000) / (performance.now() - startedAt),
    askerMicros: (user + system) / done,
  };
}
