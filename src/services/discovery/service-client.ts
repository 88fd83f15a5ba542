import { type Problem, type Result, deadlineSignal, err, ok } from '../../base/index.js';
import { discoveryServiceSilent } from './problems.js';

const ANSWER_MS = 5_000;
const ANSWER_BYTES_MAX = 256 * 1024;

export interface ServiceAnswer {
  readonly status: number;
  readonly text: string;
  /** Undefined when it is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** One GET, bounded in time and length: whatever answers there need not be a discovery service. */
export async function askService(
  url: string,
  signal: AbortSignal,
  answerMs = ANSWER_MS,
): Promise<Result<ServiceAnswer, Problem>> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'follow',
      signal: deadlineSignal(answerMs, signal),
    });
    let text = '';
    const decoder = new TextDecoder();
    if (response.body !== null) {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
        if (text.length > ANSWER_BYTES_MAX) throw new Error('It answered without end.');
      }
    }
    return ok({ status: response.status, text: text.slice(0, 2_000), json: objectOf(text) });
  } catch (error) {
    return err(discoveryServiceSilent({ url, because: reasonOf(error) }));
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
