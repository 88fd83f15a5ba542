import { shellQuoted } from './quoted.js';

/** Where system programs are: a login that is not interactive may have no `sbin`. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What the host's login shell is asked to run: becomes root, says that it is ready, reads a script of so many bytes
 * from its standard input, runs it with the rest as its input, and says with which code it ended, on both outputs.
 * A script that did not arrive whole is not run. One line without "!" and with plain quotes: the login shell may be any.
 */
export function remoteCommand(mark: string, scriptBytes: number): string {
  const asRoot =
    `export PATH=${PATH} LC_ALL=C; cd /; umask 077; echo quorate-begin-${mark}; ` +
    `s=$(head -c ${scriptBytes}); case "$s" in *"#${mark}") ;; *) exit 90 ;; esac; ` +
    `( eval "$s" ); c=$?; echo "quorate-end-${mark} $c" >&2; echo "quorate-end-${mark} $c"`;
  const become =
    'if [ "$(id -u)" = 0 ]; then exec sh -c "$1" quorate; fi; exec sudo -n -- sh -c "$1" quorate';
  return `sh -c ${shellQuoted(become)} quorate ${shellQuoted(asRoot)}`;
}

/** The script as it is sent: its last line tells that it is whole. */
export const framedScript = (script: string, mark: string): Uint8Array =>
  new TextEncoder().encode(`${script}\n#${mark}`);

/** How much of one piece of output is looked at together with the next, so that a mark in two pieces is found. */
const OVERLAP = 128;

/** One output of the remote command, split at its marks. */
export class MarkedOutput {
  readonly #begin: Buffer;
  readonly #end: Buffer;
  #pieces: Buffer[] = [];
  #hasBegun = false;
  #ended: { readonly code: number; readonly content: Buffer } | undefined;

  constructor(mark: string) {
    this.#begin = Buffer.from(`quorate-begin-${mark}\n`);
    this.#end = Buffer.from(`quorate-end-${mark} `);
  }

  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** What the script wrote and its code, once it has ended. */
  get ended(): { readonly code: number; readonly content: Buffer } | undefined {
    return this.#ended;
  }

  /** What the script has written up to now. */
  get soFar(): Buffer {
    return this.#ended?.content ?? Buffer.concat(this.#pieces);
  }

  /** Everything that came outside the marks, or before the end. */
  get text(): string {
    return Buffer.concat(this.#pieces).toString('utf8');
  }

  take(piece: Buffer): void {
    if (this.#ended !== undefined) return;
    const last = this.#pieces.at(-1);
    // Small pieces are joined as they come: a mark may lie across several.
    if (last !== undefined && last.length < OVERLAP) {
      this.#pieces[this.#pieces.length - 1] = Buffer.concat([last, piece]);
    } else {
      this.#pieces.push(piece);
    }
    if (!this.#hasBegun) this.#lookForBegin();
    this.#lookForEnd();
  }

  #lookForBegin(): void {
    const all = Buffer.concat(this.#pieces);
    const at = all.indexOf(this.#begin);
    if (at === -1) return;
    this.#hasBegun = true;
    // What a login says before it is nobody's answer.
    this.#pieces = [all.subarray(at + this.#begin.length)];
  }

  #lookForEnd(): void {
    const lastTwo = Buffer.concat(this.#pieces.slice(-2));
    const at = lastTwo.lastIndexOf(this.#end);
    if (at === -1) return;
    const [, code] = /^(\d+)\n/.exec(lastTwo.toString('latin1', at + this.#end.length)) ?? [];
    if (code === undefined) return;
    const before = this.#pieces.slice(0, -2);
    this.#pieces = [...before, lastTwo.subarray(0, at)];
    this.#ended = { code: Number(code), content: Buffer.concat(this.#pieces) };
  }
}
