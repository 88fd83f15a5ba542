import { plan } from '../../../src/core/planner/index.js';
import { CASES } from './cases.js';
import { search } from './search.js';
const only = process.argv[2];
for (const c of CASES) {
  if (only !== undefined && !c.name.includes(only)) continue;
  const cpu = process.cpuUsage();
  const r = search(c, { planner: plan, statesMax: 5_000_000, violationsMax: 8 });
  const { violations, ...rest } = r;
  const used = process.cpuUsage(cpu);
  process.stdout.write(
    JSON.stringify(rest) +
      ' cpu ' +
      (used.user + used.system) / 1e6 +
      ' ' +
      Math.round((r.states / (used.user + used.system)) * 1e6) +
      '/s\n',
  );
  for (const v of violations) process.stdout.write(v.scenario + '\n');
}
