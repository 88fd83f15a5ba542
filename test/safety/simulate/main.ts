import { runSeed } from './run-seed.js';
const [from = 1, n = 1] = process.argv.slice(2).map(Number);
const trace = process.argv.includes('--trace');
const coverage = new Map<string, number>();
const t = process.cpuUsage();
let bad = 0;
const rules = new Map<string, number[]>();
for (let seed = from; seed < from + n; seed++) {
  const r = await runSeed(seed, { coverage, tracing: trace });
  if (trace) console.log(r.lines.join('\n'));
  if (r.failure) {
    bad++;
    const key =
      r.failure.rule +
      ': ' +
      r.failure.what
        .replace(/[0-9a-f]{5,}/g, '#')
        .replace(/\d+/g, 'N')
        .slice(0, 230);
    rules.set(key, [...(rules.get(key) ?? []), seed]);
  }
}
const u = process.cpuUsage(t);
console.log(
  [...coverage]
    .sort()
    .map(([k, v]) => `${k}: ${v}`)
    .join('\n'),
);
for (const [k, v] of [...rules].sort((a, b) => b[1].length - a[1].length))
  console.log(v.length, k, v.slice(0, 8).join(','));
console.log({ n, bad, msPerSeed: (u.user + u.system) / 1000 / n });
