import type { HostFacts } from '../facts.js';
import type { PreflightWish } from '../hosts.js';
import { SYSTEMD_GOOD, SYSTEMD_NEEDED } from '../thresholds.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** What a host needs so that systemd can keep a member there. */
export function judgeService(
  host: string,
  facts: HostFacts,
  { user }: Pick<PreflightWish, 'user'>,
): readonly Verdict[] {
  return [
    judgeSystemd(host, facts),
    judgeTools(host, facts.missingTools),
    judgeUser(host, user, facts.user),
    judgeSecurity(host, facts),
  ];
}

function judgeSystemd(host: string, { init, systemdVersion: version }: HostFacts): Verdict {
  const says = judgeOf('systemd', host);
  if (init !== 'systemd') {
    return says.problem(
      `systemd does not run this host: its first process is ${init ?? 'unseen'}`,
      {
        hint: 'Members on hosts are services of systemd. Take a host that it runs.',
      },
    );
  }
  if (version === undefined) return says.unseen('systemd did not tell its version');
  if (version >= SYSTEMD_GOOD) return says.ok(`systemd ${version}`);
  if (version >= SYSTEMD_NEEDED) {
    return says.warning(`systemd ${version} does not know all that shields the member`, {
      hint: `From ${SYSTEMD_GOOD} on it does; the member runs all the same.`,
    });
  }
  return says.problem(`systemd ${version} is too old for the unit of a member`, {
    hint: `${SYSTEMD_NEEDED} is the oldest that can run it.`,
  });
}

function judgeTools(host: string, missing: readonly string[]): Verdict {
  const says = judgeOf('tools', host);
  if (missing.length === 0) return says.ok('every program that is called is there');
  return says.problem(`Programs are missing: ${missing.join(', ')}`, {
    hint: 'Install them. They are of coreutils, util-linux, diffutils, grep, sed, passwd (shadow-utils), libc-bin and systemd.',
  });
}

function judgeUser(host: string, name: string, line: string | undefined): Verdict {
  const says = judgeOf('user', host);
  if (line === undefined) return says.ok(`user ${name} will be made`);
  const [, , uid] = line.split(':');
  if (uid !== '0') return says.ok(`user ${name} is there (uid ${uid ?? '?'})`);
  return says.problem(`User ${name} is root by another name (uid 0)`, {
    hint: 'Give it another id, or remove it: it is made when it is not there.',
  });
}

function judgeSecurity(host: string, { selinux, appArmor }: HostFacts): Verdict {
  const says = judgeOf('security', host);
  const [profile] = appArmor.profiles;
  if (selinux === 'enforcing') {
    return says.warning('SELinux is enforcing; it may keep systemd from starting etcd', {
      hint: 'When the start is refused, see what it refused:\n  ausearch -m avc -ts recent',
    });
  }
  if (profile !== undefined) {
    return says.warning(`AppArmor has a profile for etcd: ${profile}`, {
      hint: 'See that it allows the data directory and the ports:\n  aa-status',
    });
  }
  const armour = appArmor.enabled ? 'AppArmor without a profile for etcd' : 'no AppArmor';
  return says.ok(`SELinux ${selinux}, ${armour}`);
}
