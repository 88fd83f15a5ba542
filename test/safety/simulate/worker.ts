/** One thread of the simulation: runs the batches it is sent, one after the other. */
import { parentPort } from 'node:worker_threads';
import { type Batch, runBatch } from './batch.js';

parentPort?.on('message', (batch: Batch) => {
  void runBatch(batch).then((result) => parentPort?.postMessage(result));
});
