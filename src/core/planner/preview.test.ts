import { expect, test } from 'vitest';
import { brief, crash, inputOf, memberNamed, running, wanting, wipe } from './testing/cluster.js';

import { blind, observe, preview } from '../model/index.js';

const stepsOf = (...args: Parameters<typeof preview>): readonly string[] =>
  preview(...args).steps.map(({ step }) => brief(step));

test('a converged cluster: no step', () => {
  expect(preview(inputOf(running('m1', 'm2', 'm3')))).toEqual({
    steps: [],
    end: { kind: 'converged' },
  });
});

test('growth from three to five is foreseen to its end, waits passed over', () => {
  const input = inputOf(wanting(running('m1', 'm2', 'm3'), 'm1', 'm2', 'm3', 'm4', 'm5'));
  expect(stepsOf(input)).toEqual([
    'add-learner m4',
    'start m4 join',
    'promote m4',
    'add-learner m5',
    'start m5 join',
    'promote m5',
  ]);
  expect(preview(input).end.kind).toBe('converged');
});

test('the first step of a preview is what the planner says now', () => {
  const input = inputOf(crash(running('m1', 'm2', 'm3'), 'm2'));
  expect(stepsOf(input)).toEqual(['start m2 restart']);
});

test('while nobody gives a list, who is only wanted was no member: growth of a cluster that is down takes nobody away', () => {
  const down = crash(running('m1', 'm2', 'm3'), 'm1', 'm2', 'm3');
  const input = inputOf(wanting(down, 'm1', 'm2', 'm3', 'm4', 'm5'));
  const memberList = { kind: 'unseen', because: 'nobody answers' } as const;
  expect(stepsOf({ ...input, observation: { ...input.observation, memberList } })).toEqual([
    'start m1 restart',
    'start m2 restart',
    'start m3 restart',
    'add-learner m4',
    'start m4 join',
    'promote m4',
    'add-learner m5',
    'start m5 join',
    'promote m5',
  ]);
});

test('quorum lost ends it at once', () => {
  const { steps, end } = preview(inputOf(wipe(running('m1', 'm2', 'm3'), 'm1', 'm2')));
  expect(steps).toEqual([]);
  expect(end).toMatchObject({ kind: 'blocked', problem: { code: 'quorum-lost' } });
});

test('a member that is unwell is waited for, not called converged', () => {
  const world = running('m1', 'm2', 'm3');
  const observation = observe({ ...world });
  const hosts = observation.hosts.map((sight) =>
    sight.host === 'm2' && sight.process.kind === 'running'
      ? {
          ...sight,
          process: { ...sight.process, startedAt: world.now },
          status: { kind: 'silent' as const, because: 'deadline' },
        }
      : sight,
  );
  const { steps, end } = preview(inputOf(world, { observation: { ...observation, hosts } }));
  expect(steps).toEqual([]);
  expect(end).toMatchObject({ kind: 'wait', for: 'member-healthy' });
});

test('a host that does not answer us, its member does: the others’ steps count it as well, and the end says the host', () => {
  const world = blind(crash(running('m1', 'm2', 'm3'), 'm2'), memberNamed('m3').host);
  const { steps, end } = preview(inputOf(world));
  expect(steps.map(({ step }) => brief(step))).toEqual(['start m2 restart']);
  expect(steps[0]?.margin).toMatchObject({ votersBefore: 3, healthyBefore: 2 });
  expect(end).toMatchObject({
    kind: 'blocked',
    problem: { code: 'host-unseen', data: { host: 'm3', memberAnswers: true } },
  });
});
