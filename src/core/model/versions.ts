import type { EtcdVersion } from '../cluster/index.js';

/** Since 3.5.30 and 3.6.11 an addition asks for a quorum of the enlarged cluster, before for everybody (etcd-facts 5.2). */
export const addAsksEverybody = (version: EtcdVersion): boolean => isBefore(version, 30, 11);

/** Until 3.5.30 and 3.6.11 `member update` made a learner a voter in the list (etcd-facts 5.7). */
export const updatePromotesLearners = (version: EtcdVersion): boolean => isBefore(version, 31, 12);

/** Older than patch `in35` of 3.5, or patch `in36` of 3.6; 3.4 never got it, 3.7 always had it. */
function isBefore(version: EtcdVersion, in35: number, in36: number): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number.parseFloat);
  if (major !== 3) return false;
  if (minor < 5) return true;
  return (minor === 5 && patch < in35) || (minor === 6 && patch < in36);
}
