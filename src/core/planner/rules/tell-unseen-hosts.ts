import { blockedBy } from '../make.js';
import { unseenHost } from '../unseen.js';
import { type Rule, ours, sightOn } from '../view.js';

/**
 * When nothing else is left to do: a host of the spec that does not answer us is told. Its member may answer and be well,
 * and still run with other flags than the spec asks for; only its host would tell.
 */
export const tellUnseenHosts: Rule = (view) => {
  for (const { host } of [...ours(view), ...view.target.proxies]) {
    const { process, data } = sightOn(view, host);
    const unseen = [process, data].find((sight) => sight.kind === 'unseen');
    if (unseen !== undefined) return blockedBy(unseenHost(view, host, unseen.because));
  }
  return undefined;
};
