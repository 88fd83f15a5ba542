/** `npm run explore [-- --deep] [--case TEXT] [--workers N] [-o json]` */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { conclude, progress } from '../command.js';
import { type Depth, casesOf, sumOf } from './index.js';
import { exploreSideBySide } from './side-by-side.js';
import { documentOf, screenOf } from './report.js';

const { values } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    case: { type: 'string', default: '' },
    workers: { type: 'string' },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

const depth: Depth = values.deep ? 'deep' : 'short';
const names = casesOf(depth)
  .map(({ name }) => name)
  .filter((name) => name.includes(values.case));
const startedMs = performance.now();
const results = await exploreSideBySide({
  depth,
  names,
  workers: Number(values.workers ?? availableParallelism()),
  onCase: ({ case: name, states, seconds }) =>
    progress(`${name}: ${states} states in ${seconds.toFixed(1)} s`),
});
const result = sumOf(results, (performance.now() - startedMs) / 1000);
conclude(
  {
    json: documentOf(result),
    text: screenOf(result, depth),
    ok: result.violations.length === 0 && result.cases.every(({ complete }) => complete),
  },
  values.output,
);
