import { describe, expect, test } from 'vitest';
import { type Result, defineProblem, err, ok, silentLogger } from '../../base/index.js';
import { virtualClock } from '../../base/testing/virtual-clock.js';
import type { ClusterDNS, DNSMember, ListedMember } from '../../core/bootstrap/index.js';
import { createDNSFeed } from './feed.js';
import { memberAt, threeMembers } from './testing/zones.js';

const silent = defineProblem('test-silent', () => ({
  summary: 's',
  detail: 'Nobody answers.',
  hint: '',
}));

/** A feed over a list that the test changes, and every set of records that came of it. */
function feeding(spec: readonly DNSMember[] | undefined) {
  let wanted = spec;
  const clock = virtualClock();
  const changes: ClusterDNS[] = [];
  const complaints: unknown[] = [];
  let list: Result<readonly ListedMember[]> = err(silent({}));
  /** Which member answers where. */
  const answering = new Map<string, string>();
  const feed = createDNSFeed({
    place: { domain: 'example.com' },
    wanted: spec === undefined ? undefined : async () => wanted,
    version: undefined,
    members: {
      read: async () => list,
      isAt: async ({ id }, address) => answering.get(address) === id,
      close: async () => undefined,
    },
    clock,
    logger: {
      ...silentLogger,
      log: (_level, _message, data) => void complaints.push(data?.['because']),
    },
    onChange: (dns) => void changes.push(dns),
  });
  feed.start();
  const become = async (next: typeof list) => {
    list = next;
    await clock.run({ untilMs: clock.monotonicMs() + 2_500 });
  };
  const targets = () =>
    changes.at(-1)?.records.flatMap((record) => (record.type === 'SRV' ? [record.target] : []));
  const want = (next: readonly DNSMember[]) => void (wanted = next);
  const addressOf = (name: string) =>
    changes
      .at(-1)
      ?.records.flatMap((record) =>
        record.type !== 'SRV' && record.name === name ? [record.address] : [],
      );
  return { become, want, changes, complaints, targets, answering, addressOf };
}

const listed = (n: number): ListedMember => ({ id: `${n}`, ...memberAt(n) });

describe('records in step with the member list', () => {
  test('grow and shrink with it, and are told only when they change', async () => {
    const it = feeding([...threeMembers, memberAt(4)]);
    await it.become(ok([1, 2, 3].map(listed)));
    expect(it.targets()).not.toContain('m4.example.com');
    const before = it.changes.length;
    await it.become(ok([1, 2, 3].map(listed)));
    expect(it.changes).toHaveLength(before);
    await it.become(ok([1, 2, 3, 4].map(listed)));
    expect(it.targets()).toContain('m4.example.com');
    await it.become(ok([1, 2, 4].map(listed)));
    expect(it.targets()).not.toContain('m3.example.com');
    expect(it.complaints).toEqual([]);
  });

  test('stay what they are while nobody answers, or the list is of somebody else', async () => {
    const it = feeding(threeMembers);
    await it.become(ok([1, 2, 3].map(listed)));
    await it.become(err(silent({})));
    await it.become(ok([{ ...listed(9), name: 'stranger' }]));
    expect(it.changes).toHaveLength(1);
    expect(it.complaints).toEqual(['Nobody answers.', 'No member of the list is one of the spec.']);
  });

  test('before the birth follow the spec, and afterwards it takes both', async () => {
    const it = feeding(threeMembers);
    await it.become(err(silent({})));
    expect(it.targets()).toContain('m3.example.com');
    await it.become(ok([1, 2, 3, 4].map(listed)));
    expect(it.changes).toHaveLength(1);
    it.want([...threeMembers, memberAt(4)]);
    await it.become(ok([1, 2, 3, 4].map(listed)));
    expect(it.targets()).toContain('m4.example.com');
  });

  test('lead to a member that runs, whatever the spec says, until it is gone', async () => {
    const it = feeding(threeMembers);
    it.answering.set('10.0.1.12', '2');
    await it.become(ok([1, 2, 3].map(listed)));
    it.want([memberAt(1), memberAt(2, '10.0.1.99'), memberAt(3)]);
    await it.become(ok([1, 2, 3].map(listed)));
    await it.become(ok([1, 2, 3].map(listed)));
    expect(it.addressOf('m2.example.com')).toEqual(['10.0.1.12']);
    expect(it.complaints).toEqual(['m2 still runs at 10.0.1.12.']);

    // Its machine is dead: the name is free for whoever takes its place, before that one starts.
    it.answering.clear();
    await it.become(ok([1, 2, 3].map(listed)));
    expect(it.addressOf('m2.example.com')).toEqual(['10.0.1.99']);

    // It was only down for a moment, and nobody has taken its place.
    it.answering.set('10.0.1.12', '2');
    await it.become(ok([1, 2, 3].map(listed)));
    expect(it.addressOf('m2.example.com')).toEqual(['10.0.1.12']);
  });

  test('lead to the successor as soon as it is added, also while the one before is still running', async () => {
    const it = feeding(threeMembers);
    it.answering.set('10.0.1.12', '2');
    await it.become(ok([1, 2, 3].map(listed)));
    it.want([memberAt(1), memberAt(2, '10.0.1.99'), memberAt(3)]);
    await it.become(ok([1, 3].map(listed)));
    expect(it.addressOf('m2.example.com')).toEqual([]);
    const added = { id: '22', ...memberAt(2, '10.0.1.99'), name: '', clientURLs: [] };
    await it.become(ok([listed(1), added, listed(3)]));
    expect(it.addressOf('m2.example.com')).toEqual(['10.0.1.99']);
  });

  test('follow a member whose machine has the other address too', async () => {
    const it = feeding(threeMembers);
    it.answering.set('10.0.1.12', '2');
    await it.become(ok([1, 2, 3].map(listed)));
    it.answering.set('10.0.1.99', '2');
    it.want([memberAt(1), memberAt(2, '10.0.1.99'), memberAt(3)]);
    await it.become(ok([1, 2, 3].map(listed)));
    expect(it.addressOf('m2.example.com')).toEqual(['10.0.1.99']);
  });

  test('without a spec are those of the list', async () => {
    const it = feeding(undefined);
    await it.become(ok([listed(1)]));
    expect(it.targets()).toEqual(['m1.example.com', 'm1.example.com']);
  });
});
