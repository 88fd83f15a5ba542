import { describe, expect, test } from 'vitest';
import { type RaftIndex, defineProblem, instantOf, unsafeBrand } from '../../../base/index.js';
import { colourStyle, plainStyle } from '../io.js';
import type { HostName } from '../../../core/cluster/index.js';
import { consumerCertificateExpires, memberSilent } from '../problems.js';
import type { ConsumerReport } from '../reports/consumer-report.js';
import type { MemberReport, StatusReport } from '../reports/status-report.js';
import { statusView } from './status.js';

const member = (name: string, more: Partial<MemberReport> = {}): MemberReport => ({
  name,
  id: unsafeBrand(`a${name.slice(1)}00000000000000`),
  host: name,
  role: 'voter',
  leader: false,
  healthy: true,
  version: '3.6.15',
  peerURLs: [unsafeBrand(`http://127.0.0.1:2100${name.slice(1)}`)],
  clientURLs: [unsafeBrand(`http://127.0.0.1:2200${name.slice(1)}`)],
  raftIndex: unsafeBrand<RaftIndex>(18_446_744_073_709_551_615n),
  lag: 3n,
  dbSizeBytes: 20480,
  certificates: [],
  problems: [],
  ...more,
});

const UNIT_CHANGED = defineProblem('unit-changed', (d: { host: string; file: string }) => ({
  summary: `Somebody changed a unit of ours on ${d.host}`,
  detail: '-Nice=-5\n+Nice=10',
  hint: `To have ours back:\n  ssh ${d.host} mv ${d.file} ${d.file}.aside`,
}))({ host: '10.0.1.10', file: '/etc/u.service' });

const HEALTHY: StatusReport = {
  cluster: {
    name: 'prod',
    id: unsafeBrand('3fbea528d82c5d16'),
    version: '3.6.15',
    state: 'healthy',
    voters: 3,
    quorum: 2,
    margin: 1,
  },
  members: [member('m1', { leader: true }), member('m2'), member('m3')],
  proxies: [],
  consumers: [],
  plan: { kind: 'converged', steps: [] },
  drift: [],
  asked: 'up',
  paused: false,
  now: instantOf(0),
  restartedBy: 'nobody',
  controller: { pid: 42, purpose: 'supervisor', since: instantOf(0) },
};

describe('status in text', () => {
  test('a healthy cluster on one screen', () => {
    expect(statusView.text(HEALTHY, plainStyle)).toBe(
      `prod  healthy  3 voters, quorum 2, margin 1 (1 may fail)  etcd 3.6.15  id 3fbea528d82c5d16
kept by process 42 (supervisor)

NAME  ROLE    HEALTH   VERSION  LAG  SIZE      CLIENT                  PEER                    ID
m1    leader  healthy  3.6.15   3    20.0 KiB  http://127.0.0.1:22001  http://127.0.0.1:21001  a100000000000000
m2    voter   healthy  3.6.15   3    20.0 KiB  http://127.0.0.1:22002  http://127.0.0.1:21002  a200000000000000
m3    voter   healthy  3.6.15   3    20.0 KiB  http://127.0.0.1:22003  http://127.0.0.1:21003  a300000000000000

plan: converged
`,
    );
  });

  test('a sick member, nobody who keeps it, and what comes next', () => {
    const { controller: _nobody, ...unkept } = HEALTHY;
    const sick = member('m3', {
      healthy: false,
      problems: [memberSilent({ member: 'm3', because: 'no answer within 1000 ms' })],
    });
    const report: StatusReport = {
      ...unkept,
      cluster: { ...HEALTHY.cluster, state: 'degraded', margin: 0 },
      members: [member('m1', { leader: true }), member('m2'), sick],
      plan: {
        kind: 'steps',
        steps: [
          {
            step: { kind: 'stop-member', host: unsafeBrand('m3'), name: unsafeBrand('m3') },
            member: 'm3',
            because: 'flags-differ',
            margin: {
              before: 0,
              after: 0,
              votersBefore: 3,
              healthyBefore: 2,
              votersAfter: 3,
              healthyAfter: 2,
            },
          },
        ],
      },
    };
    const text = statusView.text(report, plainStyle);
    expect(text).toContain('prod  degraded  3 voters, quorum 2, margin 0 (none may fail)');
    expect(text).toContain('nobody keeps it: a member that dies stays dead until\n  quorate up\n');
    expect(text).toContain(
      'problem: m3 runs and does not answer clients [member-silent]\n  no answer within 1000 ms\n',
    );
    expect(
      text.endsWith(
        'next: stop m3\n      it runs with other flags than the spec asks for; margin 0 → 0 (2 of 3 healthy)\n',
      ),
    ).toBe(true);
  });

  test('on hosts systemd starts again what died, and nobody repairs what is lost', () => {
    const { controller: _nobody, ...unkept } = HEALTHY;
    const text = statusView.text({ ...unkept, restartedBy: 'systemd' }, plainStyle);
    expect(text).toContain(
      'systemd restarts its members; to have a lost one repaired too:\n  quorate run prod\n',
    );
    expect(text).not.toContain('stays dead');
  });

  test('consumers, whom they are connected to, and a certificate that nobody renews but people', () => {
    const host = unsafeBrand<HostName>('10.0.1.10');
    const consumers: readonly ConsumerReport[] = [
      {
        name: 'kubeApiserver@10.0.1.10',
        host,
        state: 'connected',
        endpoints: ['https://10.0.1.11:2379', 'https://10.0.1.12:2379'],
        connectedTo: ['https://10.0.1.12:2379'],
        certificate: { notAfter: instantOf(5 * 86_400_000) },
        problems: [
          consumerCertificateExpires({
            consumer: 'kubeApiserver@10.0.1.10',
            inMs: 5 * 86_400_000,
          }),
        ],
      },
      {
        name: 'flannel@10.0.1.10',
        host,
        state: 'broken',
        endpoints: ['https://10.0.1.11:2379'],
        connectedTo: [],
        because: 'systemd says that flanneld.service is failed',
        problems: [],
      },
    ];
    const report: StatusReport = { ...HEALTHY, consumers };
    const text = statusView.text(report, plainStyle);
    expect(text).toContain(`
CONSUMER                 STATE                                                 CERTIFICATE          ENDPOINTS
kubeApiserver@10.0.1.10  connected to 1                                        1970-01-06 (in 5 d)  https://10.0.1.11:2379,https://10.0.1.12:2379
flannel@10.0.1.10        broken: systemd says that flanneld.service is failed  -                    https://10.0.1.11:2379
`);
    expect(text).toContain(
      'expires soon [consumer-certificate-expires]\n  It is valid for another 120 h.',
    );
    expect(statusView.data(report)).toMatchObject({
      consumers: [
        { state: 'connected', certificate: { issuer: null, notAfter: '1970-01-06T00:00:00.000Z' } },
        { state: 'broken', certificate: null },
      ],
    });
  });

  test('an exchange of authorities that waits says for whom, also where nobody asked for it', () => {
    const because = 'it does not trust the new authority';
    const rotation = {
      next: 'issue-new',
      clients: ['ci'],
      consumers: [{ consumer: 'flannel@10.0.1.10', because }],
    } as const;
    const text = statusView.text({ ...HEALTHY, rotation }, plainStyle);
    expect(text).toContain(`trust both:\n  ci\n  flannel@10.0.1.10: ${because}\n`);
    expect(text).toContain('  quorate certificates rotate-ca --finish\n');
    expect(statusView.data({ ...HEALTHY, rotation })).toMatchObject({ rotation });
    expect(statusView.data(HEALTHY)).toMatchObject({ rotation: null });
  });

  test('quorum lost is said beside the numbers', () => {
    const cluster = { ...HEALTHY.cluster, state: 'quorum-lost', margin: -1 } as const;
    expect(statusView.text({ ...HEALTHY, cluster }, plainStyle)).toContain(
      'quorum-lost  3 voters, quorum 2, margin -1 (no quorum)',
    );
  });

  test('what somebody else changed on a host: where, which file, how it differs, and what to do', () => {
    const drift = [UNIT_CHANGED];
    const text = statusView.text({ ...HEALTHY, drift }, plainStyle);
    expect(text).toContain(`
drift: Somebody changed a unit of ours on 10.0.1.10 [unit-changed]
  -Nice=-5
  +Nice=10
  To have ours back:
    ssh 10.0.1.10 mv /etc/u.service /etc/u.service.aside
`);
    expect(text).toContain('prod  healthy');
    expect(statusView.data({ ...HEALTHY, drift })).toMatchObject({
      drift: [{ code: 'unit-changed', data: { host: '10.0.1.10', file: '/etc/u.service' } }],
    });
  });

  test('colour does not move the columns', () => {
    const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
    const coloured = statusView.text(HEALTHY, colourStyle);
    expect(coloured).not.toBe(statusView.text(HEALTHY, plainStyle));
    expect(coloured.replace(escapes, '')).toBe(statusView.text(HEALTHY, plainStyle));
  });
});

describe('status in JSON is a contract (DESIGN.md, "What people and scripts rely on")', () => {
  test('exactly these fields, in this order', () => {
    const data = statusView.data(HEALTHY) as {
      cluster: object;
      members: object[];
      plan: object;
    };
    expect(Object.keys(data)).toEqual([
      'cluster',
      'members',
      'proxies',
      'consumers',
      'rotation',
      'plan',
      'drift',
    ]);
    expect(Object.keys(data.cluster)).toEqual(
      'name id version state voters quorum margin'.split(' '),
    );
    expect(Object.keys(data.members[0] ?? {})).toEqual(
      'name id host role leader healthy version peerURLs clientURLs raftIndex dbSizeBytes certificates problems'.split(
        ' ',
      ),
    );
    expect(data.plan).toEqual({ kind: 'converged', steps: [] });
  });

  test('64-bit counters are decimal strings, what is not known is null', () => {
    const {
      id: _id,
      version: _version,
      raftIndex: _raftIndex,
      dbSizeBytes: _size,
      ...bare
    } = member('m1');
    const { members } = statusView.data({
      ...HEALTHY,
      members: [member('m1'), { ...bare, role: 'unstarted' }],
    }) as { members: object[] };
    expect(members[0]).toMatchObject({ raftIndex: '18446744073709551615' });
    expect(members[1]).toMatchObject({
      id: null,
      version: null,
      raftIndex: null,
      dbSizeBytes: null,
    });
  });

  test('a problem has code, summary, detail, hint and data', () => {
    const sick = member('m1', { problems: [memberSilent({ member: 'm1', because: 'why' })] });
    const { members } = statusView.data({ ...HEALTHY, members: [sick] }) as {
      members: { problems: object[] }[];
    };
    expect(members[0]?.problems).toEqual([
      {
        code: 'member-silent',
        summary: 'm1 runs and does not answer clients',
        detail: 'why',
        hint: '',
        data: { member: 'm1', because: 'why' },
      },
    ]);
  });
});
