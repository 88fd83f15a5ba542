import { describe, expect, test } from 'vitest';
import { type ClusterID, unsafeBrand } from '../../../src/base/index.js';
import type { HostName } from '../../../src/core/cluster/index.js';
import type { World } from '../../../src/core/model/index.js';
import { checkOneBirth, checkOneClusterID } from './rule-3-one-cluster.js';
import { decided, hostOf, landedAt, start, words, worldAfter } from './testing/worlds.js';

const checked = (world: World, host: string) =>
  words(checkOneBirth(decided(world, start(world, host, 'birth'))));

const issued = (world: World, ...hosts: readonly string[]): World => ({
  ...world,
  record: { ...world.record, issuedNew: hosts.map((host) => unsafeBrand<HostName>(host)) },
});

describe('new is issued', () => {
  const unborn = worldAfter('cluster prod unborn target=(a b c)');
  const begun = worldAfter('cluster prod unborn target=(a b c)', 'plan', 'apply');

  test('to whom was never told, one after the other', () => {
    expect(checked(unborn, 'a')).toEqual([]);
    expect(checked(begun, 'b')).toEqual([]);
  });

  test('never after the birth', () => {
    const born = worldAfter('cluster prod voters=(a b c)', 'lose-data b');
    expect(checked(born, 'b')).toContain('3: new is issued to b although the cluster was born');
  });

  test('never while a host is not seen', () => {
    const blind = worldAfter('cluster prod unborn target=(a b c)', 'hide c');
    expect(checked(blind, 'a')).toEqual(['3: new is issued to a while c cannot be seen']);
  });

  test('never twice while others hold data, but again when nobody does', () => {
    expect(checked(issued(begun, 'a', 'b'), 'b')).toEqual([
      '3: new is issued to b a second time while a hold data',
    ]);
    expect(checked(issued(unborn, 'a', 'b'), 'b')).toEqual([]);
  });

  test('twice when etcd itself said that it never voted', () => {
    const ended = worldAfter(
      'cluster prod unborn target=(a b c)',
      'plan',
      'apply',
      'crash b before-raft reason=already-bootstrapped',
    );
    expect(checked(issued(ended, 'a', 'b'), 'b')).toEqual([]);
  });

  test('never beside data that nobody told to be there', () => {
    expect(checked(issued(begun), 'b')).toEqual([
      '3: new is issued to b beside data of another cluster on a',
    ]);
  });
});

test('a second ClusterID is seen when it appears', () => {
  const world = worldAfter('cluster prod voters=(a b c)');
  const landing = landedAt(world, start(world, 'b', 'restart'));
  const other = unsafeBrand<ClusterID>('feed');
  const after = {
    ...world,
    hosts: world.hosts.map((host) =>
      host.host === hostOf('b') && host.data.kind === 'present'
        ? { ...host, data: { ...host.data, clusterID: other } }
        : host,
    ),
  };
  const effect = { ...landing, step: start(world, 'b', 'birth'), after };
  expect(words(checkOneClusterID(effect))).toEqual([
    `3: start-member founded a second cluster: ${[world.clusterID ?? '', 'feed'].sort().join(', ')}`,
  ]);
  expect(checkOneClusterID({ ...effect, after: world })).toEqual([]);
});
