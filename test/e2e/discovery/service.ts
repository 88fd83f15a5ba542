import { spawnSync } from 'node:child_process';
import type { Lab, Running } from '../../lab/index.js';
import { QUORATE } from '../../lab/run.js';

/** `quorate discovery serve` at one address, which can be ended and started again. */
export interface Service {
  readonly url: string;
  readonly running: Running;
  /** kill -9, and the same command again. */
  killAndRestart(): Promise<void>;
  /** Ctrl-C, and its end. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function startService(it: Lab, options = '', scheme = 'http'): Promise<Service> {
  const url = (await it.freeURL()).replace('http:', `${scheme}:`);
  const line = `discovery serve --listen ${new URL(url).host}${options}`;
  let running: Running | undefined;
  const now = (): Running => {
    if (running === undefined) throw new Error('The service was never started.');
    return running;
  };
  const service: Service = {
    url,
    get running() {
      return now();
    },
    start: async () => {
      running = it.start(line, { timeoutMs: 220_000 });
      await running.says(/discovery at/);
    },
    stop: async () => {
      now().kill('SIGINT');
      await now().done;
    },
    killAndRestart: async () => {
      await it.kill(now().pid);
      await service.start();
    },
  };
  await service.start();
  return service;
}

export interface TokenJSON {
  readonly token: string;
  readonly url: string | null;
  readonly secret: string;
  readonly endpoints: readonly string[];
  readonly flags: readonly {
    readonly protocol: 'v2' | 'v3';
    readonly minors: readonly string[];
    readonly flags: readonly string[];
  }[];
}

export async function newToken(it: Lab, options = ''): Promise<TokenJSON> {
  return (await it.must(`discovery new -o json${options}`)).json<TokenJSON>();
}

/** What the product tells a person to start this minor with. */
export function flagsFor(token: TokenJSON, minor: string): readonly string[] {
  const found = token.flags.find(({ minors }) => minors.includes(minor));
  if (found === undefined) throw new Error(`No flags for etcd ${minor} were printed.`);
  return found.flags;
}

export interface LookJSON {
  readonly state: string;
  readonly clusterID: string | null;
  readonly missing: number;
  readonly members: readonly { readonly name: string; readonly answers: string }[];
  readonly problems: readonly { readonly code: string }[];
}

export async function look(it: Lab, token: string): Promise<LookJSON> {
  return (await it.must(`discovery show ${token} -o json`)).json<LookJSON>();
}

/** etcd 3.3, which the product does not run and discovery serves; undefined when it cannot be had here. */
export function etcd33(home: string): string | undefined {
  const ran = spawnSync(process.execPath, [QUORATE, 'versions', 'fetch', '3.3.25', '-o', 'json'], {
    encoding: 'utf8',
    env: { ...process.env, QUORATE_HOME: home },
    timeout: 120_000,
  });
  if (ran.status !== 0) return undefined;
  const { atHand } = JSON.parse(ran.stdout) as {
    readonly atHand: readonly { readonly path: string }[];
  };
  return atHand[0]?.path;
}
