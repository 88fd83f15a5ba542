/** A real etcd of this machine, as the global setup found it. */
export interface RealEtcd {
  readonly path: string;
  readonly version: string;
}

const VARIABLE = 'QUORATE_LAB_ETCD';

/** Told to the workers through the environment, which they inherit. */
export function publishEtcds(etcds: Readonly<Record<string, RealEtcd>>): void {
  process.env[VARIABLE] = JSON.stringify(etcds);
}

/** By minor (`3.6`), or `ctl` for an etcdctl. */
export function etcdOf(minor: string): RealEtcd {
  const found = etcds()[minor];
  if (found === undefined) throw new Error(`The global setup found no etcd ${minor}.`);
  return found;
}

/** An etcdctl of this machine, if there is one; the tests do not have one built. */
export const etcdctl = (): RealEtcd | undefined => etcds()['ctl'];

const etcds = (): Readonly<Record<string, RealEtcd>> =>
  JSON.parse(process.env[VARIABLE] ?? '{}') as Record<string, RealEtcd>;
