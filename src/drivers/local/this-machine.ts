import type { Clock } from '../../base/index.js';
import { linuxProcessTable } from './process-table-linux.js';
import { psProcessTable } from './process-table-ps.js';
import type { ProcessTable } from './process-table.js';

export const createProcessTable = (clock: Clock): ProcessTable =>
  process.platform === 'linux' ? linuxProcessTable(clock) : psProcessTable();
