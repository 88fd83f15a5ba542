import { type Clock, type Random, withDeadline } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostShell, LookWindow, ShellCommand, ShellEnd } from '../../engine/ports/index.js';
import { JoinedOutput, type PartEnd, joinedScript } from './joined-script.js';
import { sshCut, sshDeadline, sshInterrupted } from './problems.js';

export interface JoinedLooksOptions {
  readonly shell: HostShell;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * One shell seen in three ways, so that a turn asks each host once. What was looked at in the last turn is looked at
 * again together with the first question of the next one, and is there when somebody asks for it.
 */
export interface JoinedLooks {
  /** Runs what changes something: alone. What was looked at before on that host is not told to anybody any more. */
  readonly acting: HostShell;
  /** Runs questions whose answers must not be older than the question: looks may go along, they themselves never do. */
  readonly asking: HostShell;
  /** Runs looks: their scripts change nothing and have no input. */
  readonly looking: HostShell;
  /** From `open` to `close` looks may be joined: never is one older than the last `open`, and each is told once. */
  readonly window: LookWindow;
}

const MARK_BYTES = 12;

/** A host whose first answer is so much later than somebody needs the next is asked for that alone. */
const PATIENCE_MS = 1000;

/** What is on its way with the first question to a host. */
interface Brought {
  readonly first: Promise<unknown>;
  readonly looks: Map<string, Promise<PartEnd | undefined>>;
}

export function createJoinedLooks({ shell, clock, random }: JoinedLooksOptions): JoinedLooks {
  let isOpen = false;
  /** The scripts of the looks that were asked for, by host: in the last window, and in this one. */
  let before: ReadonlyMap<HostName, ReadonlySet<string>> = new Map();
  let now = new Map<HostName, Set<string>>();
  const brought = new Map<HostName, Brought>();

  /** Runs it, with everything that will probably be asked of the host next. */
  function run(host: HostName, command: ShellCommand, signal: AbortSignal): Promise<ShellEnd> {
    const others = [...(before.get(host) ?? [])].filter((script) => script !== command.script);
    if (!isOpen || brought.has(host) || others.length === 0) {
      return shell.run(host, command, signal);
    }
    const mark = random.hex(MARK_BYTES);
    const scripts = [command.script, ...others];
    const output = new JoinedOutput(mark, scripts.length);
    const first = output.part(0);
    const looks = new Map(others.map((script, i) => [script, output.part(i + 1)]));
    brought.set(host, { first, looks });
    const joined: ShellCommand = {
      ...command,
      script: joinedScript(scripts, mark),
      onOutput: (soFar) => output.take(soFar),
    };
    const whole = shell.run(host, joined, signal).then((end) => {
      if (end.kind === 'ended') {
        output.take({ stdout: end.stdout, stderr: Buffer.from(end.stderr) });
      }
      output.end();
      return end;
    });
    return first.then(async (end): Promise<ShellEnd> => {
      if (end !== undefined) return end;
      const ended = await whole;
      if (ended.kind !== 'ended') return ended;
      const { doing } = command;
      return { kind: 'cut', problem: sshCut({ host, doing, words: ended.stderr.trim() }) };
    });
  }

  async function look(
    host: HostName,
    command: ShellCommand,
    signal: AbortSignal,
  ): Promise<ShellEnd> {
    if (!isOpen) return shell.run(host, command, signal);
    const { script } = command;
    now.set(host, (now.get(host) ?? new Set()).add(script));
    const there = brought.get(host);
    const found = there?.looks.get(script);
    there?.looks.delete(script);
    if (there === undefined || found === undefined) return run(host, command, signal);
    const heard = await withDeadline(clock, PATIENCE_MS, signal, () => there.first);
    if (!heard.late) {
      const { doing, deadlineMs } = command;
      const end = await withDeadline(clock, deadlineMs, signal, () => found);
      if (end.late) {
        const problem = signal.aborted
          ? sshInterrupted({ host, doing })
          : sshDeadline({ host, doing, deadlineMs, words: '' });
        return { kind: 'cut', problem };
      }
      if (end.value !== undefined) return end.value;
    }
    return shell.run(host, command, signal);
  }

  return {
    acting: {
      run: (host, command, signal) => {
        brought.delete(host);
        return shell.run(host, command, signal);
      },
    },
    asking: { run },
    looking: { run: look },
    window: {
      open: () => {
        isOpen = true;
        before = now;
        now = new Map();
        brought.clear();
      },
      close: () => {
        isOpen = false;
        brought.clear();
      },
    },
  };
}
