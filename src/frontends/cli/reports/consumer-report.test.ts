import { expect, test } from 'vitest';
import { instantOf, unsafeBrand } from '../../../base/index.js';
import {
  type Consumer,
  type ConsumerSight,
  type HostName,
  consumerID,
} from '../../../core/cluster/index.js';
import type { PlanInput } from '../../../core/planner/index.js';
import { consumerReports } from './consumer-report.js';

const DAY_MS = 86_400_000;
const API: Consumer = {
  host: unsafeBrand<HostName>('10.0.1.10'),
  endpoints: 'members',
  program: { kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } },
};
const id = consumerID(API);

const reportOf = (sight: ConsumerSight | undefined) => {
  const consumers = sight === undefined ? [] : [sight];
  const input = { target: { consumers: [API] }, observation: { consumers }, now: instantOf(0) };
  return consumerReports(input as unknown as PlanInput)[0];
};
const seen = (more: Partial<ConsumerSight>): ConsumerSight =>
  ({ kind: 'seen', id, names: ['https://a:1'], ...more }) as ConsumerSight;

test('a consumer is connected, runs without a connection, or was not seen', () => {
  expect(reportOf(seen({ link: { kind: 'connected', to: ['https://a:1'] } }))?.state).toBe(
    'connected',
  );
  expect(reportOf(seen({ link: { kind: 'connected', to: [] } }))?.state).toBe('disconnected');
  expect(reportOf({ kind: 'unseen', id, because: 'no route' })).toMatchObject({
    state: 'unseen',
    because: 'no route',
  });
  expect(reportOf(undefined)?.state).toBe('unseen');
});

test('its certificate is told of in the last thirty days, and after them', () => {
  const codes = (days: number) => {
    const tls = { trusts: [], shows: { notAfter: instantOf(days * DAY_MS) } };
    return reportOf(seen({ link: { kind: 'unknown' }, tls }))?.problems.map(({ summary }) =>
      summary.replace(/.* etcd /, ''),
    );
  };
  expect(codes(31)).toEqual([]);
  expect(codes(29)).toEqual(['expires soon']);
  expect(codes(-1)).toEqual(['has expired']);
});
