/** What may happen to a token, decided on what was read of it. Pure. */
import { type Problem, type Result, err, ok } from '../../base/index.js';
import { type MemberEntry, memberIDFrom } from './identity.js';
import { SIZE_MAX } from './limits.js';
import {
  discoveryBadSize,
  discoveryNameTaken,
  discoveryOtherProtocol,
  discoveryOtherURL,
  discoveryPeerURLTaken,
  discoveryRegisteredBefore,
} from './problems.js';
import { looksSealed, toldAmong } from './sealed-token.js';
import { type KeptToken, type TokenRecord, type TokenSight, isClosed } from './store.js';

export function parseSize(text: string): Result<number, Problem> {
  const size = Number(text);
  return /^\d{1,3}$/.test(text) && size >= 1 && size <= SIZE_MAX
    ? ok(size)
    : err(discoveryBadSize({ found: text, max: SIZE_MAX }));
}

export type Verdict =
  | { readonly kind: 'register'; readonly next: TokenRecord }
  /** All places are taken; the member finds that out by itself at its next question. Nothing is kept. */
  | { readonly kind: 'beyond' }
  /** etcd's own answer to a second registration of one member. */
  | { readonly kind: 'exists'; readonly problem: Problem }
  | { readonly kind: 'refused'; readonly problem: Problem };

export interface Applicant extends MemberEntry {
  readonly id: string;
  /** Names this request. */
  readonly by: string;
  /** URLs by which it may have reached us, the likeliest first; they count while the token has no URL of its own. */
  readonly cameBy: readonly string[];
}

/** Whether a member may register. What would burn the token is refused while nothing is written yet. */
export function judge(kept: KeptToken, sight: TokenSight, applicant: Applicant): Verdict {
  const { record } = kept;
  const { token, members } = record;
  const { id, name, peerURLs, by, cameBy } = applicant;
  if (members.some((member) => member.id === id)) {
    const problem = discoveryRegisteredBefore({
      token,
      id,
      member: name,
      isClosed: isClosed(record),
    });
    return { kind: 'exists', problem };
  }
  const refused = (problem: Problem): Verdict => ({ kind: 'refused', problem });
  if (sight.v3.registrations.length > 0) {
    return refused(discoveryOtherProtocol({ token, uses: 'v3', asked: 'v2' }));
  }
  const urls = urlsOf(record, cameBy);
  const url = urls.find((each) => memberIDFrom(peerURLs, each) === id);
  if (url === undefined) {
    const [own = `the URL that was told with the token, which ends in ${record.path}`] = urls;
    const written = spellingsOf([...urls, ...cameBy]).find(
      (each) => memberIDFrom(peerURLs, each) === id,
    );
    return refused(
      discoveryOtherURL({ token, member: name, id, url: own, written: written ?? '' }),
    );
  }
  if (isClosed(record)) return { kind: 'beyond' };
  const namesake = members.find((member) => member.name === name);
  if (namesake !== undefined) {
    return refused(discoveryNameTaken({ token, member: name, by: namesake.id }));
  }
  for (const peerURL of peerURLs) {
    const owner = members.find((member) => member.peerURLs.includes(peerURL));
    if (owner === undefined) continue;
    return refused(discoveryPeerURLTaken({ token, member: name, peerURL, by: owner.name }));
  }
  return {
    kind: 'register',
    next: {
      ...record,
      url,
      members: [...members, { id, name, peerURLs, by, createdIndex: undefined }],
    },
  };
}

/** By which URLs its members may have come. */
function urlsOf(record: TokenRecord, cameBy: readonly string[]): readonly string[] {
  if (record.url !== undefined) return [record.url];
  if (!looksSealed(record.token)) return cameBy;
  const told = toldAmong(cameBy, record) ?? toldAmong(cameBy.flatMap(otherHosts), record);
  return told === undefined ? [] : [told];
}

/** Usual wrong spellings of a URL, so that the message can show which one was used. */
function spellingsOf(urls: readonly string[]): readonly string[] {
  const variants = new Set<string>();
  for (const text of urls) {
    for (const each of [text, ...otherHosts(text)]) {
      variants.add(each).add(`${each}/`);
      variants.add(each.replace(/^(https?:\/\/[^/]+)\//, '$1//'));
      variants.add(each.replace(/\/(?=[^/]+$)/, '//'));
    }
  }
  return [...variants];
}

function otherHosts(text: string): readonly string[] {
  const match = /^(https?:\/\/)(\[[^\]]*\]|[^/:]*)((?::\d+)?\/.*)$/.exec(text);
  if (match === null) return [];
  const [, scheme = '', , rest = ''] = match;
  return ['localhost', '127.0.0.1', '[::1]'].map((host) => scheme + host + rest);
}

/** Without one member, while the list is not final. */
export const withoutMember = (record: TokenRecord, id: string): TokenRecord => ({
  ...record,
  members: record.members.filter((member) => member.id !== id),
});
