import type { ExitReason } from '../../core/cluster/index.js';

/** What to do about an end of etcd on a host that no spec describes; undefined: as everywhere. */
export function hintFor(reason: ExitReason): string | undefined {
  switch (reason) {
    case 'removed':
      return 'Somebody took it out of the cluster. To add it again, move its data directory away and register it:\n  quorate member add NAME --peer-urls URL --endpoints URLS';
    case 'already-bootstrapped':
    case 'log-lost':
      return 'Take the old member out, move what is left of its data away, and add it as a new one:\n  quorate member remove ID --endpoints URLS\n  quorate member add NAME --peer-urls URL --endpoints URLS';
    case 'meeting-refused':
      return 'See who has registered, and what is wrong:\n  quorate discovery show URL';
    case 'cannot-join':
      return 'See whether the member list has this host:\n  quorate member list --endpoints URLS';
    case 'bad-flags':
    case 'other':
      return 'Its log is above.';
    case 'asked':
    case 'killed':
    case 'port-taken':
    case 'disk-full':
    case 'read-only':
    case 'permission':
    case 'wrong-version':
      return undefined;
  }
}
