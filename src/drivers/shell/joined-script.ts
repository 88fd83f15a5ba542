import type { ShellEnd } from '../../engine/ports/index.js';

export type PartEnd = Extract<ShellEnd, { kind: 'ended' }>;

/**
 * Several scripts as one: each in a subshell of its own, one after the other, the first alone with the standard input. On
 * both outputs a mark says where one has ended, so that each is answered as soon as it has, whatever the next one does.
 */
export function joinedScript(scripts: readonly string[], mark: string): string {
  const parts = scripts.map(
    (script, i) => `(
${i === 0 ? '' : 'exec < /dev/null\n'}${script}
)
c=$?; echo "${markOf(mark, i)}$c" >&2; echo "${markOf(mark, i)}$c"
`,
  );
  return `${parts.join('')}exit 0`;
}

const markOf = (mark: string, i: number): string => `quorate-part-${mark}-${i} `;

/** What several scripts that ran as one have written so far, taken apart. */
export class JoinedOutput {
  readonly #marks: readonly Buffer[];
  readonly #ended: ((end: PartEnd | undefined) => void)[] = [];
  readonly #parts: readonly Promise<PartEnd | undefined>[];
  readonly #at = { stdout: 0, stderr: 0 };
  #next = 0;

  constructor(mark: string, count: number) {
    this.#marks = Array.from({ length: count }, (_, i) => Buffer.from(markOf(mark, i)));
    this.#parts = this.#marks.map(() => new Promise((resolve) => this.#ended.push(resolve)));
  }

  /** How a part ended; undefined when the whole ended before it did. */
  part(i: number): Promise<PartEnd | undefined> {
    return this.#parts[i] ?? Promise.resolve(undefined);
  }

  /** Everything written up to now. */
  take(written: { readonly stdout: Uint8Array; readonly stderr: Uint8Array }): void {
    const stdout = Buffer.from(written.stdout);
    const stderr = Buffer.from(written.stderr);
    for (;;) {
      const mark = this.#marks[this.#next];
      if (mark === undefined) return;
      const out = cutAt(stdout, mark, this.#at.stdout);
      const words = cutAt(stderr, mark, this.#at.stderr);
      // Both, so that none of its words is lost.
      if (out === undefined || words === undefined) return;
      this.#at.stdout = out.rest;
      this.#at.stderr = words.rest;
      this.#ended[this.#next++]?.({
        kind: 'ended',
        code: out.code,
        stdout: out.content,
        stderr: words.content.toString('utf8'),
      });
    }
  }

  /** Nothing more comes. */
  end(): void {
    for (const tell of this.#ended) tell(undefined);
  }
}

function cutAt(
  all: Buffer,
  mark: Buffer,
  from: number,
): { readonly content: Buffer; readonly code: number; readonly rest: number } | undefined {
  const at = all.indexOf(mark, from);
  if (at === -1) return undefined;
  const end = all.indexOf('\n', at + mark.length);
  if (end === -1) return undefined;
  const code = Number(all.toString('latin1', at + mark.length, end));
  // A copy: what is heard later is another buffer.
  return { content: Buffer.from(all.subarray(from, at)), code, rest: end + 1 };
}
