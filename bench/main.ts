import { parseArgs } from 'node:util';
import { benchBringUp } from './bring-up.js';
import { benchGateway } from './gateway.js';
import { benchClient } from './client.js';
import { benchDiscovery } from './discovery.js';
import { type Report, render } from './harness.js';
import { benchHosts, elsewhere } from './hosts.js';
import { benchPlan } from './plan.js';
import { benchPlannedChange } from './planned-change.js';

const NAMES = [
  'bring-up',
  'client',
  'discovery',
  'gateway',
  'hosts',
  'plan',
  'planned-change',
] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', short: 'o', default: 'text' },
    runs: { type: 'string' },
    size: { type: 'string', default: '3' },
  },
});
const [name] = positionals;
const progress = (line: string): void => void process.stderr.write(`${line}\n`);
const runs = (otherwise: number): number => Number(values.runs ?? otherwise);

async function measure(): Promise<Report | undefined> {
  switch (name) {
    case 'bring-up':
      return benchBringUp({ runs: runs(15), size: Number(values.size), progress });
    case 'gateway':
      return benchGateway({ runs: runs(15), progress });
    case 'client':
      return benchClient({ runs: runs(3), progress });
    case 'discovery':
      return benchDiscovery({ runs: runs(3), progress });
    case 'hosts':
      return benchHosts({ runs: runs(3), progress });
    case 'plan':
      return benchPlan({ calls: runs(20_000) });
    case 'planned-change':
      return benchPlannedChange({ runs: runs(5), progress });
    default:
      return undefined;
  }
}

const exit =
  name === 'hosts' ? await elsewhere([process.execPath, ...process.argv.slice(1)]) : undefined;
const report = exit === undefined ? await measure() : undefined;
if (exit !== undefined) {
  process.exitCode = exit;
} else if (report === undefined) {
  process.stderr.write(`npm run bench -- NAME, where NAME is one of: ${NAMES.join(', ')}\n`);
  process.exitCode = 2;
} else {
  process.stdout.write(values.output === 'json' ? `${JSON.stringify(report)}\n` : render(report));
  process.exitCode = report.rows.every(({ met }) => met) ? 0 : 1;
}
