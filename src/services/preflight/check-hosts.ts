import { setMaxListeners } from 'node:events';
import { type Clock, type Random, deadlineSignal, withDeadline } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostShell } from '../../engine/ports/index.js';
import { logInAndReadClock } from './clock-reading.js';
import { type DialEnd, type ListenEnd, readDials, readListens } from './connections.js';
import { dialFromHere } from './dial-here.js';
import type { HostFacts } from './facts.js';
import { type Dialled, type PreflightHost, type PreflightWish, isAddress } from './hosts.js';
import { judge } from './judge/judge.js';
import { readFacts } from './read-facts.js';
import { type Fields, readFields } from './scripts/common.js';
import { type DialOrder, dialScript } from './scripts/dial-script.js';
import { factsScript } from './scripts/facts-script.js';
import { listenScript, stopScript, wordOf } from './scripts/listen-script.js';
import type { HostSight, LoginSight, Seen, WaySight } from './sights.js';
import { handshakes } from './handshakes.js';
import { type PreflightReport, SEAT } from './verdict.js';

/** Longer than all parts one after the other: a last resort. */
const ALL_MS = 90_000;
const FACTS_MS = 40_000;
const LISTEN_MS = 15_000;
const DIAL_MS = 15_000;
const STOP_MS = 10_000;
/** So long the others wait for a host, a slow login included, before they try the ways without it. */
const PATIENCE_MS = 14_000;
/** A host that is the other end of ways only, as one is that others wait for: without it its ways count for nothing. */
const OTHER_LOGIN_MS = 4_000;
const TOKEN_BYTES = 8;

export interface PreflightPorts {
  readonly shell: HostShell;
  readonly clock: Clock;
  readonly random: Random;
}

export interface PreflightOptions {
  /** Only what these are an end of; absent: all. */
  readonly only?: readonly HostName[];
  /** Somebody waits for it: disks are timed with fewer writes. */
  readonly isBrief?: boolean;
  readonly signal: AbortSignal;
}

/**
 * Looks at every host, and tries every way from each host (and from here) to each other one. Three round trips to a host beside
 * those that read its clock: what is there runs in one, while listening, connecting and ending the listeners go on beside it.
 * Each has its deadline, so that a host that hangs is told and delays nobody for longer. Leaves nothing on a host.
 */
export async function checkHosts(
  ports: PreflightPorts,
  wish: PreflightWish,
  options: PreflightOptions,
): Promise<PreflightReport> {
  const run = new Run(ports, wish, options);
  return await run.report();
}

class Run {
  readonly #ports: PreflightPorts;
  readonly #wish: PreflightWish;
  readonly #signal: AbortSignal;
  readonly #only: ReadonlySet<string> | undefined;
  readonly #isBrief: boolean;
  readonly #token: string;
  readonly #logins: ReadonlyMap<PreflightHost, Promise<LoginSight>>;
  readonly #listens: ReadonlyMap<PreflightHost, Promise<Seen<readonly ListenEnd[]>>>;

  constructor(ports: PreflightPorts, wish: PreflightWish, options: PreflightOptions) {
    const { only, isBrief = false, signal } = options;
    this.#ports = ports;
    this.#wish = wish;
    this.#signal = deadlineSignal(ALL_MS, signal);
    // Every command and connection listens to it.
    setMaxListeners(0, this.#signal);
    this.#only = only === undefined ? undefined : new Set(only);
    this.#isBrief = isBrief;
    this.#token = ports.random.hex(TOKEN_BYTES);
    const { shell, clock } = ports;
    this.#logins = this.#each(({ host }) =>
      logInAndReadClock(
        shell,
        clock,
        host,
        this.#signal,
        this.#isWanted(host) ? undefined : OTHER_LOGIN_MS,
      ),
    );
    this.#listens = this.#each((host) => this.#listen(host));
  }

  async report(): Promise<PreflightReport> {
    const [facts, ways] = await Promise.all([
      Promise.all(this.#wish.hosts.map((host) => this.#facts(host))),
      this.#ways(),
    ]);
    const hosts = await Promise.all(
      this.#wish.hosts.map(async (host, at): Promise<HostSight> => {
        const [login, listens] = await Promise.all([
          this.#login(host),
          this.#listens.get(host) ?? UNASKED,
        ]);
        return { host, login, facts: facts[at], listens };
      }),
    );
    const tls = await handshakes(this.#ports.shell, hosts, this.#signal);
    const verdicts = judge({ wish: this.#wish, hosts, ways, tls });
    const out = hosts.filter(({ login }) => login.kind === 'out');
    return {
      verdicts: verdicts.filter(({ host, to }) => this.#isWanted(host, to)),
      unreached: out.map(({ host }) => host.host),
    };
  }

  #isWanted(...ends: readonly (string | undefined)[]): boolean {
    return (
      this.#only === undefined || ends.some((end) => end !== undefined && this.#only?.has(end))
    );
  }

  #each<T>(work: (host: PreflightHost) => Promise<T>): ReadonlyMap<PreflightHost, Promise<T>> {
    return new Map(this.#wish.hosts.map((host) => [host, work(host)]));
  }

  async #login(host: PreflightHost): Promise<LoginSight> {
    const login = await this.#logins.get(host);
    if (login === undefined) throw new Error(`${host.host} is none of the hosts.`);
    return login;
  }

  /** One script, once we are in. */
  async #ask<T>(
    host: PreflightHost,
    command: { readonly doing: string; readonly script: string; readonly deadlineMs: number },
    read: (output: Uint8Array) => T | undefined,
  ): Promise<Seen<T>> {
    const login = await this.#login(host);
    if (login.kind === 'out') return { kind: 'unseen', because: login.problem.summary };
    const end = await this.#ports.shell.run(host.host, command, this.#signal);
    if (end.kind !== 'ended') {
      const { summary, detail } = end.problem;
      return { kind: 'unseen', because: detail === '' ? summary : `${summary}: ${detail}` };
    }
    const value = read(end.stdout);
    if (value !== undefined) return { kind: 'seen', value };
    const words = end.stderr.trim() === '' ? '' : `: ${end.stderr.trim()}`;
    return { kind: 'unseen', because: `the script there did not come to its end${words}` };
  }

  async #facts(host: PreflightHost): Promise<Seen<HostFacts> | undefined> {
    if (!this.#isWanted(host.host)) return undefined;
    const script = factsScript(this.#wish, host, namesIn(this.#wish), this.#isBrief);
    const doing = 'look at the host';
    return await this.#ask(host, { doing, script, deadlineMs: FACTS_MS }, readFacts);
  }

  async #listen(host: PreflightHost): Promise<Seen<readonly ListenEnd[]>> {
    const script = listenScript(host, this.#token);
    return await this.#ask(
      host,
      { doing: 'listen at the ports', script, deadlineMs: LISTEN_MS },
      fieldsTo((fields) => readListens(fields, host.listens.length)),
    );
  }

  async #ways(): Promise<readonly WaySight[]> {
    const { clock } = this.#ports;
    // Who has not said by then that it listens is tried all the same.
    const listens = new Map<PreflightHost, readonly ListenEnd[]>();
    const told = [...this.#listens].map(async ([host, listening]) => {
      const seen = await listening;
      if (seen.kind === 'seen') listens.set(host, seen.value);
    });
    await withDeadline(clock, PATIENCE_MS, this.#signal, async () => await Promise.all(told));
    const { hosts } = this.#wish;
    const known = new Map(listens);
    const fromHosts = hosts.map(async (from) => await this.#waysFrom(from, known));
    const fromHere = this.#wish.keptBy === 'systemd' ? [this.#waysFromHere(known)] : [];
    const ways = await Promise.all([...fromHosts, ...fromHere]);
    await Promise.all([...this.#listens.keys()].map(async (host) => await this.#stop(host)));
    return ways.flat();
  }

  async #waysFrom(
    from: PreflightHost,
    listens: ReadonlyMap<PreflightHost, readonly ListenEnd[]>,
  ): Promise<readonly WaySight[]> {
    const wanted = this.#wanted(from, listens);
    if (wanted.length === 0) return [];
    const script = dialScript(wanted.map(({ order }) => order));
    const seen = await this.#ask(
      from,
      { doing: 'connect to the others', script, deadlineMs: DIAL_MS },
      fieldsTo((fields) => readDials(fields, wanted.length)),
    );
    return wanted.map(({ way }, at) => ({ ...way, end: endAt(seen, at) }));
  }

  async #waysFromHere(
    listens: ReadonlyMap<PreflightHost, readonly ListenEnd[]>,
  ): Promise<readonly WaySight[]> {
    const { clock } = this.#ports;
    return await Promise.all(
      this.#wanted(undefined, listens).map(async ({ way, order }) => {
        const end = await dialFromHere(order, clock, this.#signal);
        return { ...way, end: { kind: 'seen' as const, value: end } };
      }),
    );
  }

  /** Whom one dials: everybody else, and members at their peer ports only from where members are, and from here. */
  #wanted(
    from: PreflightHost | undefined,
    listens: ReadonlyMap<PreflightHost, readonly ListenEnd[]>,
  ): readonly { readonly way: Omit<WaySight, 'end'>; readonly order: DialOrder }[] {
    return this.#wish.hosts
      .filter((to) => to !== from && this.#isWanted(from?.host, to.host))
      .flatMap((to) =>
        to.dialled
          .filter(({ plane }) => plane === 'client' || from?.dataDirs.length !== 0)
          .map((dialled) => {
            const at = to.listens.findIndex((each) => isSame(each, dialled));
            const listen = listens.get(to)?.[at];
            const { name, port } = dialled;
            const word = wordOf(this.#token, to.host, port);
            return {
              way: { from: from?.host ?? SEAT, to, dialled, listen, word },
              order: { name, port, expectsWord: listen?.kind === 'up' },
            };
          }),
      );
  }

  /** Also when everything else was cancelled: it takes a moment, and ports are given back at once. */
  async #stop(host: PreflightHost): Promise<void> {
    const seen = await this.#listens.get(host);
    if (seen?.kind !== 'seen') return;
    const pids = seen.value.flatMap((end) => (end.kind === 'up' ? [end.pid] : []));
    if (pids.length === 0) return;
    const script = stopScript(pids, this.#token);
    const { signal } = new AbortController();
    const command = { doing: 'end the listeners', script, deadlineMs: STOP_MS };
    await this.#ports.shell.run(host.host, command, signal);
  }
}

const UNASKED: Seen<never> = { kind: 'unseen', because: 'it was not asked' };

const fieldsTo =
  <T>(read: (fields: Fields) => T) =>
  (output: Uint8Array): T | undefined => {
    const fields = readFields(output);
    return fields === undefined ? undefined : read(fields);
  };

function endAt(seen: Seen<readonly DialEnd[]>, at: number): Seen<DialEnd> {
  if (seen.kind === 'unseen') return seen;
  const value = seen.value[at];
  return value === undefined ? UNASKED : { kind: 'seen', value };
}

const isSame = (listen: { plane: string; port: number }, dialled: Dialled): boolean =>
  listen.plane === dialled.plane && listen.port === dialled.port;

/** Every name, as opposed to an address, by which somebody is dialled. */
const namesIn = ({ hosts }: PreflightWish): readonly string[] => [
  ...new Set(
    hosts
      .flatMap(({ dialled }) => dialled.map(({ name }) => name))
      .filter((name) => !isAddress(name)),
  ),
];
