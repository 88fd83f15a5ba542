/**
 * The real controller of one cluster, here or on hosts as the spec says, put together as `quorate apply` does, with something that counts standing
 * between it and its ports. Ends with 0 when the plan has converged, and with 3 when it has not in time.
 *
 *   controller.js --home DIR --cluster NAME --report FILE [--kill-at POINT] [--every-look] [--found SPEC.json]
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { renderProblem } from '../../../src/base/index.js';
import { parseClusterName } from '../../../src/core/cluster/index.js';
import type { ClusterSpec } from '../../../src/core/spec/index.js';
import type { TurnResult } from '../../../src/engine/controller/index.js';
import { type Machine, thisMachine } from '../../../src/main/machine.js';
import { keepingOf } from '../../../src/main/keepings.js';
import { managedCluster } from '../../../src/main/managed-cluster.js';
import { closeShells } from '../../../src/main/shells.js';
import { betweenPorts } from './between.js';
import { countPoints } from './points.js';

const DEADLINE_MS = 120_000;
const NEVER = new AbortController().signal;
const NOT_CONVERGED = 3;

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: '' },
    cluster: { type: 'string', default: '' },
    report: { type: 'string', default: '' },
    'kill-at': { type: 'string' },
    'every-look': { type: 'boolean', default: false },
    found: { type: 'string' },
  },
});

try {
  process.exitCode = await main();
} finally {
  await closeShells();
}

async function main(): Promise<number> {
  const name = parseClusterName(values.cluster);
  if (!name.ok) throw new Error(`${values.cluster} is no cluster's name: ${name.error}`);
  const points = countPoints({
    report: values.report,
    killAt: values['kill-at'],
    everyLook: values['every-look'],
  });
  const machine: Machine = { ...thisMachine(), between: betweenPorts(points) };
  const spec =
    values.found === undefined
      ? undefined
      : (JSON.parse(readFileSync(values.found, 'utf8')) as ClusterSpec);
  const cluster = managedCluster(
    machine,
    name.value,
    keepingOf(machine, values.home, name.value, spec),
  );

  if (spec !== undefined) {
    const wish = await cluster.store.readWish();
    if (wish.ok && wish.value === undefined) {
      const founded = await cluster.found(spec, {
        offline: true,
        progress: () => undefined,
        signal: NEVER,
      });
      if (!founded.ok) return fail(renderProblem(founded.error));
    }
  }
  const end = await cluster.run({
    purpose: 'kill-everywhere',
    until: (turn) => turn.kind === 'converged',
    deadlineMs: DEADLINE_MS,
    interrupt: NEVER,
  });
  if (!end.ok) return fail(renderProblem(end.error));
  if (end.value.kind === 'done') return 0;
  return fail(
    `It ended with ${end.value.kind}. ${'turn' in end.value ? inWords(end.value.turn) : ''}`,
  );
}

/** The last turn, with what each member answered: why it did not converge is in there. */
function inWords(turn: TurnResult): string {
  const problems = turn.kind === 'blocked' ? turn.problems.map(({ detail }) => detail) : [];
  const view = 'view' in turn ? turn.view : undefined;
  const sights = (view?.observation.hosts ?? []).map(
    ({ host, process: { kind }, peer, status }) => {
      const answer =
        status.kind === 'silent' ? status.because : `leader ${status.leader ?? 'unknown to it'}`;
      return `${host} ${kind}, peer port ${peer.kind}, ${answer}`;
    },
  );
  return [`The last turn: ${turn.kind}`, ...problems, ...sights].join('; ');
}

function fail(words: string): number {
  process.stderr.write(`${words}\n`);
  return NOT_CONVERGED;
}
