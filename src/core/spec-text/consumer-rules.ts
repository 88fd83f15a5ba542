import { CONSUMER_KINDS } from '../cluster/index.js';
import { type SpecProblem, specProblems } from '../spec/index.js';
import { isRecord, show, valueAt } from './values.js';
import type { SpecText } from './yaml-text.js';

/** A program has one place, and nothing is told by two entries: they would undo each other's work. */
export function checkConsumers(
  text: SpecText,
  { problems }: { readonly problems: SpecProblem[] },
): void {
  const consumers = valueAt(text.value, ['spec', 'consumers']);
  if (!Array.isArray(consumers)) return;
  const seen = new Map<string, string>();
  for (const [i, consumer] of consumers.entries()) {
    for (const kind of CONSUMER_KINDS) {
      const path = ['spec', 'consumers', i, kind];
      const program = isRecord(consumer) ? consumer[kind] : undefined;
      if (!isRecord(program)) continue;
      if (kind === 'kubeApiserver') checkPlace(text, problems, [...path], program);
      const { host, path: file } = program;
      if (typeof host !== 'string') continue;
      const place = text.placeOf(path);
      const id = [kind, host, kind === 'file' ? String(file) : ''].join(' ');
      const first = seen.get(id);
      if (first === undefined) seen.set(id, place.path);
      else {
        const allowed = kind === 'file' ? 'one entry for each file' : 'one entry for each host';
        problems.push(specProblems.duplicate({ ...place, found: show(host), allowed, first }));
      }
    }
  }
}

function checkPlace(
  text: SpecText,
  problems: SpecProblem[],
  path: readonly (string | number)[],
  { manifest, unit, environmentFile }: Readonly<Record<string, unknown>>,
): void {
  if (unit !== undefined && manifest !== undefined) {
    const allowed = 'a manifest or a unit: it runs as one of them';
    const place = text.placeOf([...path, 'unit']);
    problems.push(specProblems.wrongValue({ ...place, found: show(unit), allowed }));
  }
  if (environmentFile !== undefined && unit === undefined) {
    const allowed = 'an environment file beside a unit: a static pod has none';
    const place = text.placeOf([...path, 'environmentFile']);
    problems.push(specProblems.wrongValue({ ...place, found: show(environmentFile), allowed }));
  }
}
