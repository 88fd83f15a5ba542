import { expect, test } from 'vitest';
import type { Observation } from './index.js';
import { alarmsIn } from './index.js';

const saying = (...errors: readonly string[]) =>
  ({ hosts: [{ status: { kind: 'answered', errors } }] }) as unknown as Observation;

test.each([
  [
    'memberID:13803658152347727308 alarm:NOSPACE ',
    [{ alarm: 'NOSPACE', member: 'bf9071f4639c75cc' }],
  ],
  [
    'memberID:13803658152347727308  alarm:CORRUPT',
    [{ alarm: 'CORRUPT', member: 'bf9071f4639c75cc' }],
  ],
  ['alarm:CORRUPT ', [{ alarm: 'CORRUPT' }]],
  ['memberID:0 alarm:CORRUPT', [{ alarm: 'CORRUPT' }]],
  ['etcdserver: no leader', []],
])('"%s"', (text, alarms) => {
  expect(alarmsIn(saying(text, text))).toEqual(alarms);
});
