import { conclude, machine, progress } from '../command.js';
import { report } from './report.js';

const output = process.argv.includes('-o')
  ? (process.argv[process.argv.indexOf('-o') + 1] ?? 'text')
  : 'text';

conclude(report({ machine: machine(), progress }), output);
