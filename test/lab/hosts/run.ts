/**
 * Runs the tests of hosts in a network made for them: `npm run test:hosts [-- files and options of vitest]`. On a machine
 * that cannot have hosts it says why, and every test is skipped with that reason.
 */
import { fetchEtcds } from '../etcds-at-hand.js';
import { whyNoHosts } from './machine.js';
import { runInNetwork, runWithout } from './network-of-run.js';
import { say } from './say.js';

const program = ['npx', 'vitest', 'run', '--project', 'hosts', ...process.argv.slice(2)];
const reason = await whyNoHosts();
if (reason === undefined) {
  // Nothing can be fetched from inside.
  await fetchEtcds(say);
  process.exitCode = await runInNetwork(program);
} else {
  say(`the tests of hosts are skipped: ${reason}`);
  process.exitCode = await runWithout(program, reason);
  // Again where people look, at the end.
  say(`the tests of hosts were skipped: ${reason}`);
}
