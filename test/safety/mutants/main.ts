/** `npm run mutants [-- --explore] [-o json]` */
import { parseArgs } from 'node:util';
import { conclude, machine, progress } from '../command.js';
import { report } from './report.js';

const { values } = parseArgs({
  options: {
    explore: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
  },
});

conclude(report({ machine: machine(), exploreAll: values.explore, progress }), values.output);
