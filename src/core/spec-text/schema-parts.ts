import { z } from 'zod';
import type { Result } from '../../base/index.js';

/** What a custom check says of a text; parse.ts makes the problem of it. */
export interface CheckParams {
  readonly problem: 'bad-name' | 'bad-url' | 'bad-value';
  readonly allowed: string;
}

/** A text that one of core/cluster's parsers accepts. */
export const parsedBy = (
  parse: (text: string) => Result<unknown, string>,
  problem: CheckParams['problem'],
) =>
  z.string().check((context) => {
    const result = parse(context.value);
    if (result.ok) return;
    const params: CheckParams = { problem, allowed: result.error };
    context.issues.push({ code: 'custom', input: context.value, params: { ...params } });
  });

export const about = (description: string, example?: unknown, fallback?: unknown) => ({
  description,
  ...(example === undefined ? {} : { examples: [example] }),
  ...(fallback === undefined ? {} : { default: fallback }),
});

export const exactlyOne = { minProperties: 1, maxProperties: 1 };
