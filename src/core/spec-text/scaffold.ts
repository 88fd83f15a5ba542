import { API_VERSION, KIND } from './schema.js';

export interface ScaffoldWish {
  /** A valid cluster name. */
  readonly name: string;
  readonly version: string;
  /** Members for the local driver: m1…mN. */
  readonly memberCount: number;
  /** For the SSH driver: one member on each. */
  readonly hosts?: readonly string[];
}

/** A commented spec to begin with, as `quorate init` writes it. */
export function scaffold({ name, version, memberCount, hosts = [] }: ScaffoldWish): string {
  const isOverSSH = hosts.length > 0;
  const members = isOverSSH
    ? hosts.map((host, i) => `    - { name: etcd${i}, host: ${JSON.stringify(host)} }`)
    : Array.from({ length: memberCount }, (_, i) => `    - { name: m${i + 1} }`);
  return [
    '# An etcd cluster, as Quorate keeps it. See what would happen, then let it happen:',
    '#   quorate plan',
    '#   quorate apply',
    '# Every field:',
    '#   quorate explain spec',
    `apiVersion: ${API_VERSION}`,
    `kind: ${KIND}`,
    'metadata:',
    `  name: ${name}`,
    'spec:',
    '  # A minor runs its newest patch; an exact version such as "3.6.15" stays there. Keep the quotes.',
    `  version: ${JSON.stringify(version)}`,
    '',
    ...(isOverSSH
      ? [
          '  # Linux hosts with systemd.',
          '  driver:',
          '    ssh: { user: root, identityFile: ~/.ssh/id_ed25519 }',
        ]
      : ['  # Processes on this machine. Also: ssh, kubernetes.', '  driver:', '    local: {}']),
    '',
    '  # One, three, five or seven. Add a line and apply: it joins as a learner and is promoted when it has caught up.',
    '  members:',
    ...members,
    ...(members.length % 2 === 0
      ? [
          `  # ${members.length} members survive no more failures than ${members.length - 1} would.`,
          '  allowEvenSize: true',
        ]
      : []),
    '',
    ...(isOverSSH
      ? ['  # Certificates, made and renewed by Quorate.', '  tls: { auto: {} }']
      : [
          '  # On loopback nothing is encrypted. With certificates: { auto: {} }.',
          '  tls: { off: {} }',
        ]),
    '',
    '  # Any other flag of etcd, without dashes. What there is:',
    '  #   quorate explain spec.etcd',
    '  etcd:',
    '    auto-compaction-retention: 1h',
    '    quota-backend-bytes: 2GiB',
    '',
  ].join('\n');
}
