/**
 * For tests only: hosts whose scripts really run, by /bin/sh, each in a directory of its own; with a clock that passes
 * when told, and ways to be away, slow, hung, cut, wiped or started again.
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineProblem, unsafeBrand } from '../../../base/index.js';
import { type VirtualClock, virtualClock } from '../../../base/testing/virtual-clock.js';
import type { HostName } from '../../../core/cluster/index.js';
import type { HostShell, ShellCommand, ShellEnd } from '../../../engine/ports/index.js';

export type Behaviour =
  | 'answers'
  /** No connection. */
  | 'away'
  /** Takes the script, and is not heard of again before the deadline. */
  | 'hangs'
  /** Does what it is told, and the connection ends before it says so. */
  | 'answer-lost'
  /** The connection ends in the middle of what is sent. */
  | 'half-sent'
  /** The script is killed where it writes. */
  | 'killed';

const unreached = defineProblem('unreached', (d: { host: string }) => ({
  summary: `${d.host} is not reached`,
  detail: 'no route to host',
  hint: '',
}));
const cut = defineProblem('cut', (d: { host: string }) => ({
  summary: `the connection to ${d.host} ended`,
  detail: '',
  hint: '',
}));

export interface FakeHost {
  behaviour: Behaviour;
  /** Each script begins so much later, as over a connection that is just being made. */
  delayMs: number;
  /** Asked before each script; for hosts that behave differently from one to the next. */
  decide?: (command: ShellCommand) => Behaviour;
  readonly stateDir: string;
  read(name: string): string;
  write(name: string, text: string): void;
  append(name: string, text: string): void;
  wipe(): void;
  /** Starts again: its clock begins at zero. */
  reboot(): void;
}

export class FakeHosts {
  readonly clock: VirtualClock = virtualClock();
  readonly shell: HostShell = { run: (host, command, signal) => this.#run(host, command, signal) };
  /** What was run, as `host: doing`. */
  readonly log: string[] = [];
  readonly #root = mkdtempSync(join(tmpdir(), 'quorate-seats-'));
  readonly #hosts = new Map<HostName, FakeHost & { bootedAtMs: number; boot: number }>();
  #running = 0;
  #whenLess: (() => void)[] = [];

  host(name: string): FakeHost {
    return this.#host(unsafeBrand<HostName>(name));
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** Lets time pass, and waits at every moment for what happens then. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + ms;
    for (;;) {
      await this.#settled();
      const fired = this.clock.firedCount();
      const stop = await this.clock.run({ untilMs, isDone: () => this.clock.firedCount() > fired });
      if (stop !== 'done') return this.#settled();
    }
  }

  /** Lets as much time pass as the work needs. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const end = () => (isDone = true);
    work.then(end, end);
    for (;;) {
      await this.#settled();
      if (isDone) return work;
      const fired = this.clock.firedCount();
      const stop = await this.clock.run({
        isDone: () => isDone || this.clock.firedCount() > fired,
      });
      if (stop === 'nothing-left' && !isDone) await this.#settled();
    }
  }

  #host(name: HostName) {
    let host = this.#hosts.get(name);
    if (host !== undefined) return host;
    const dir = join(this.#root, name);
    mkdirSync(dir);
    const stateDir = join(dir, 'state', 'prod');
    host = {
      behaviour: 'answers',
      delayMs: 0,
      stateDir,
      // Each has been up for another while.
      bootedAtMs: -1000 * (this.#hosts.size * 977 + 400),
      boot: 1,
      read: (file) => readFileSync(join(stateDir, file), 'utf8'),
      write: (file, text) => writeFileSync(join(stateDir, file), text),
      append: (file, text) => appendFileSync(join(stateDir, file), text),
      wipe: () => rmSync(join(dir, 'state'), { recursive: true, force: true }),
      reboot: () => {
        const me = this.#host(name);
        me.boot++;
        me.bootedAtMs = this.clock.monotonicMs();
      },
    };
    this.#hosts.set(name, host);
    return host;
  }

  async #run(name: HostName, command: ShellCommand, signal: AbortSignal): Promise<ShellEnd> {
    const host = this.#host(name);
    const behaviour = host.decide?.(command) ?? host.behaviour;
    this.log.push(`${name}: ${command.doing}`);
    if (host.delayMs > 0) await this.clock.sleep(host.delayMs, signal);
    if (signal.aborted || behaviour === 'away') {
      return { kind: 'unreached', problem: unreached({ host: name }) };
    }
    if (behaviour === 'hangs') return this.#hang(name, command, signal);
    const end = await this.#shell(name, command, behaviour);
    return behaviour === 'answers' ? end : { kind: 'cut', problem: cut({ host: name }) };
  }

  #hang(name: HostName, { deadlineMs }: ShellCommand, signal: AbortSignal): Promise<ShellEnd> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve({ kind: 'cut', problem: cut({ host: name }) });
      };
      const cancel = this.clock.after(deadlineMs, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  #shell(name: HostName, command: ShellCommand, behaviour: Behaviour): Promise<ShellEnd> {
    const { bootedAtMs, boot } = this.#host(name);
    const dir = join(this.#root, name);
    const uptimeS = (this.clock.monotonicMs() - bootedAtMs) / 1000;
    writeFileSync(join(dir, 'uptime'), `${uptimeS.toFixed(2)} 0.00\n`);
    writeFileSync(join(dir, 'boot_id'), `${name}-boot-${boot}\n`);
    const script = command.script
      .replaceAll('/var/lib/quorate', join(dir, 'state'))
      .replaceAll('/proc/uptime', join(dir, 'uptime'))
      .replaceAll('/proc/sys/kernel/random/boot_id', join(dir, 'boot_id'))
      // A power cut between what is written and its last name.
      .replaceAll(
        'mv -f "$name.new"',
        behaviour === 'killed' ? 'exit 137; mv' : 'mv -f "$name.new"',
      );
    const stdin = command.stdin ?? new Uint8Array();
    const sent = behaviour === 'half-sent' ? stdin.subarray(0, stdin.length / 2) : stdin;
    this.#running++;
    return new Promise((resolve, reject) => {
      const child = spawn('/bin/sh', ['-c', script], { env: { PATH: process.env['PATH'] ?? '' } });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
      child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
      // It may end before it has read everything.
      child.stdin.on('error', () => undefined);
      child.stdin.end(sent);
      child.on('error', reject);
      child.on('close', (code) => {
        this.#running--;
        for (const tell of this.#whenLess.splice(0)) tell();
        resolve({
          kind: 'ended',
          code: code ?? 137,
          stdout: Buffer.concat(stdout),
          stderr: Buffer.concat(stderr).toString('utf8'),
        });
      });
    });
  }

  /** Nothing runs, and nobody would start anything before time passes. */
  async #settled(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#running === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#running === 0) return;
      }
      await new Promise<void>((resolve) => this.#whenLess.push(resolve));
    }
  }
}
