/** etcd reads every `ETCD_…` variable as a flag, so that nothing of our own environment may slip through. */
const PASSED_ON = ['PATH', 'HOME', 'TZ', 'TMPDIR', 'GOMAXPROCS', 'GOMEMLIMIT', 'GOGC', 'GODEBUG'];

export function environment(env: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}
