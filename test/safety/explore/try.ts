import { plan } from '../../../src/core/planner/index.js';
import { CASES } from './cases.js';
import { search } from './search.js';
const only = process.argv[2];
for (const c of CASES) {
  if (only !== undefined && !c.name.includes(only)) continue;
  const r = search(c, { planner: plan, statesMax: 5_000_000, violationsMax: 8 });
  const { violations, ...rest } = r;
  process.stdout.write(JSON.stringify(rest)+ ' ' + Math.round(r.states / r.seconds)+ '\n');
  for (const v of violations) process.stdout.write(v.scenario.replaceAll('\n', ' | ')+ '\n\n');
}
