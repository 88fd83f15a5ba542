import { type Result, err, ok } from '../../base/index.js';
import { ShapeError } from './shape.js';

/** Reads a text that we once wrote; the error says in a sentence what is wrong with it. */
export function parseText<T>(content: string, parse: (value: unknown) => T): Result<T, string> {
  try {
    return ok(parse(JSON.parse(content)));
  } catch (error) {
    if (!(error instanceof ShapeError) && !(error instanceof SyntaxError)) throw error;
    return err(sentence(error.message));
  }
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
