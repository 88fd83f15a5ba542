import type { Args } from './parse.js';
import type { Said, Scene } from './scene.js';

/** One command of the language; its file says in a comment what it does, with an example. */
export interface Command {
  /** How it is written, for whoever wrote it wrongly. */
  readonly usage: string;
  /** How many words it takes: at least, at most. */
  readonly words: readonly [number, number];
  /** The `key=` that it takes. */
  readonly options: readonly string[];
  readonly run: (scene: Scene, args: Args) => Said;
}
