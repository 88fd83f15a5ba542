import { parentPort, workerData } from 'node:worker_threads';
import { plan } from '../../../src/core/planner/index.js';
import { STATES_MAX, VIOLATIONS_MAX, casesOf } from './index.js';
import { search } from './search.js';
import type { Assignment } from './side-by-side.js';

const { depth, name } = workerData as Assignment;
const explored = casesOf(depth).find((one) => one.name === name);
if (explored === undefined) throw new Error(`no case "${name}"`);
const limits = { statesMax: STATES_MAX, violationsMax: VIOLATIONS_MAX };
parentPort?.postMessage(search(explored, { planner: plan, ...limits }));
