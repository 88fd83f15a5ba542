import { describe, expect, test } from 'vitest';
import type { Result } from '../../base/index.js';
import { parseClusterName } from '../cluster/index.js';
import { type ClusterSpec, defaultSpec, versionWarnings } from './index.js';
import {
  addMember,
  removeMember,
  renameMember,
  replaceMember,
  setPeerURLs,
  setVersion,
  withSize,
} from './edit.js';

const specOf = (memberCount: number): ClusterSpec => {
  const name = parseClusterName('demo');
  if (!name.ok) throw new Error(name.error);
  return defaultSpec({ name: name.value, memberCount, version: '3.6' });
};

const valueOf = (result: Result<ClusterSpec>): ClusterSpec => {
  if (!result.ok) throw new Error(result.error.summary);
  return result.value;
};
const names = (result: Result<ClusterSpec>) => valueOf(result).members.map(({ name }) => name);
const hosts = (result: Result<ClusterSpec>) => valueOf(result).members.map(({ host }) => host);
const codeOf = (result: Result<ClusterSpec>) => (result.ok ? 'accepted' : result.error.code);

describe('add', () => {
  test('a member joins at the end, on the host of its name unless another is given', () => {
    expect(hosts(addMember(specOf(3), { name: 'm4' }))).toEqual(['m1', 'm2', 'm3', 'm4']);
    expect(hosts(addMember(specOf(1), { name: 'b', host: '10.0.1.2' }))).toEqual([
      'm1',
      '10.0.1.2',
    ]);
    expect(valueOf(addMember(specOf(1), { name: 'b', start: 'by-hand' })).members[1]?.start).toBe(
      'by-hand',
    );
  });

  test('seven is the end', () => {
    expect(codeOf(addMember(specOf(7), { name: 'm8' }))).toBe('spec-too-many-members');
  });

  test('nothing is taken twice', () => {
    expect(codeOf(addMember(specOf(3), { name: 'm2' }))).toBe('spec-duplicate');
    expect(codeOf(addMember(specOf(3), { name: 'x', host: 'm2' }))).toBe('spec-duplicate');
    const urls = ['http://10.0.1.10:2380'];
    const one = valueOf(setPeerURLs(specOf(3), 'm1', urls));
    expect(codeOf(addMember(one, { name: 'x', peerURLs: urls }))).toBe('spec-duplicate');
  });

  test('what is no name, host or URL is refused', () => {
    expect(codeOf(addMember(specOf(1), { name: 'a b' }))).toBe('spec-bad-name');
    expect(codeOf(addMember(specOf(1), { name: 'a', host: 'http://x' }))).toBe('spec-bad-name');
    expect(codeOf(addMember(specOf(1), { name: 'a', peerURLs: ['10.0.0.1:2380'] }))).toBe(
      'spec-bad-url',
    );
    expect(codeOf(addMember(specOf(1), { name: 'a', peerURLs: [] }))).toBe('spec-missing-field');
  });
});

describe('remove', () => {
  test('a member leaves; the last one does not', () => {
    expect(names(removeMember(specOf(3), 'm2'))).toEqual(['m1', 'm3']);
    expect(codeOf(removeMember(specOf(1), 'm1'))).toBe('last-member');
  });

  test('its host may go on as a proxy, and come back as a member', () => {
    const left = valueOf(removeMember(specOf(3), 'm2', { asProxy: true }));
    expect(left.members.map(({ name }) => name)).toEqual(['m1', 'm3']);
    expect(left.proxies).toEqual([{ name: 'm2', host: 'm2' }]);
    const back = valueOf(addMember(left, { name: 'm2' }));
    expect(back.members.map(({ name }) => name)).toEqual(['m1', 'm3', 'm2']);
    expect(back.proxies).toEqual([]);
  });

  test('a proxy stays where a member of its name is put on another host', () => {
    const left = valueOf(removeMember(specOf(3), 'm2', { asProxy: true }));
    expect(codeOf(addMember(left, { name: 'm2', host: 'elsewhere' }))).toBe('spec-duplicate');
  });

  test('an unknown name is told with the nearest', () => {
    const result = removeMember(specOf(3), 'm22');
    expect(result.ok ? undefined : result.error).toMatchObject({
      code: 'member-not-in-spec',
      data: { nearest: 'm2', members: ['m1', 'm2', 'm3'] },
    });
  });
});

test('a rename keeps the host, so that the member keeps its data; its old name is then taken as a host', () => {
  const renamed = renameMember(specOf(3), 'm2', 'west');
  expect(names(renamed)).toEqual(['m1', 'west', 'm3']);
  expect(hosts(renamed)).toEqual(['m1', 'm2', 'm3']);
  expect(codeOf(addMember(valueOf(renamed), { name: 'm2' }))).toBe('spec-duplicate');
  expect(codeOf(renameMember(specOf(3), 'm2', 'm3'))).toBe('spec-duplicate');
  expect(names(withSize(valueOf(renamed), 4))).toEqual(['m1', 'west', 'm3', 'm4']);
});

test('a replacement takes the place of the old one', () => {
  expect(names(replaceMember(specOf(7), 'm2', { name: 'm8' }))).toEqual([
    'm1',
    'm8',
    'm3',
    'm4',
    'm5',
    'm6',
    'm7',
  ]);
  expect(codeOf(replaceMember(specOf(3), 'm2', { name: 'm3' }))).toBe('spec-duplicate');
});

describe('size', () => {
  test('grows by the next numbers and shrinks from the highest', () => {
    expect(names(withSize(specOf(3), 5))).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
    expect(names(withSize(specOf(5), 3))).toEqual(['m1', 'm2', 'm3']);
    expect(names(withSize(specOf(3), 3))).toEqual(['m1', 'm2', 'm3']);
    const gap = valueOf(removeMember(specOf(3), 'm2'));
    expect(names(withSize(gap, 3))).toEqual(['m1', 'm3', 'm4']);
    expect(names(withSize(gap, 1))).toEqual(['m1']);
  });

  test('follows the prefix that the members share', () => {
    let spec = specOf(2);
    spec = valueOf(renameMember(spec, 'm1', 'etcd0'));
    spec = valueOf(renameMember(spec, 'm2', 'etcd1'));
    expect(names(withSize(spec, 3))).toEqual(['etcd0', 'etcd1', 'etcd2']);
  });

  test('that is even was asked for, and the spec says so for as long as it is', () => {
    expect(specOf(3).allowEvenSize).toBeUndefined();
    expect(specOf(4).allowEvenSize).toBe(true);
    const four = valueOf(addMember(specOf(3), { name: 'm4' }));
    expect(four.allowEvenSize).toBe(true);
    expect(valueOf(renameMember(four, 'm4', 'west')).allowEvenSize).toBe(true);
    expect(valueOf(removeMember(four, 'm4'))).toEqual(specOf(3));
    expect(valueOf(withSize(specOf(3), 2)).allowEvenSize).toBe(true);
    expect(valueOf(withSize(four, 5)).allowEvenSize).toBeUndefined();
  });

  test('has limits', () => {
    expect(codeOf(withSize(specOf(3), 8))).toBe('spec-too-many-members');
    expect(codeOf(withSize(specOf(3), 0))).toBe('spec-no-members');
  });

  test('cannot invent hosts elsewhere than on this machine', () => {
    const spec: ClusterSpec = { ...specOf(1), driver: { kind: 'ssh', options: {} } };
    expect(codeOf(withSize(spec, 3))).toBe('size-needs-hosts');
  });
});

describe('version', () => {
  test('changes when the flags fit', () => {
    expect(valueOf(setVersion(specOf(3), '3.7')).version).toBe('3.7');
    expect(codeOf(setVersion(specOf(3), '3.3'))).toBe('spec-version-unsupported');
    const spec = { ...specOf(3), etcd: { 'experimental-corrupt-check-time': '1h' } };
    expect(codeOf(setVersion(spec, '3.6.15'))).toBe('accepted');
    expect(codeOf(setVersion(spec, '3.7'))).toBe('spec-flag-renamed');
  });

  test('known faults are named for exact versions only', () => {
    expect(versionWarnings('3.5')).toEqual([]);
    expect(versionWarnings('3.5.2')[0]?.fixedIn).toBe('3.5.3');
    expect(versionWarnings('3.5.34')).toEqual([]);
    expect(versionWarnings('3.7.0')).toHaveLength(1);
  });
});

test('on loopback nothing is encrypted; elsewhere certificates are made', () => {
  expect(specOf(3).tls).toEqual({ kind: 'off' });
});
