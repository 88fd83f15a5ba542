// tsc copies no data files: everything a room reads beside its own code goes to dist here.
import { cpSync, existsSync } from 'node:fs';

const ASSETS = [];
for (const asset of ASSETS) {
  if (existsSync(`src/${asset}`)) cpSync(`src/${asset}`, `dist/${asset}`, { recursive: true });
}
