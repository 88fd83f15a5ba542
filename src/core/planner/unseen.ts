import type { Problem } from '../../base/index.js';
import type { HostName } from '../cluster/index.js';
import { elapsedMs } from './elapsed.js';
import { hostUnseen } from './problems.js';
import { type View, sightOn } from './view.js';

/** What is said of a host that does not answer us: why, for how long, and whether its member does. */
export function unseenHost(view: View, host: HostName | '', because: string): Problem {
  const since = view.lately?.unseenSince[host];
  return hostUnseen({
    cluster: view.target.name,
    host,
    because,
    forMs: since === undefined ? 0 : elapsedMs(since, view.now),
    memberAnswers: host !== '' && sightOn(view, host).status.kind === 'answered',
  });
}
