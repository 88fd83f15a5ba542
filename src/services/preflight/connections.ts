import type { Fields } from './scripts/common.js';

/** What became of an attempt to listen at one address. */
export type ListenEnd =
  | { readonly kind: 'up'; readonly pid: number }
  | { readonly kind: 'taken' }
  /** The host does not have the address. */
  | { readonly kind: 'not-its-own' }
  /** The host holds a member, whose ports they are. */
  | { readonly kind: 'left-alone' }
  /** Nothing there can listen for us. */
  | { readonly kind: 'no-listener' }
  | { readonly kind: 'failed'; readonly words: string };

/** What became of an attempt to connect. */
export type DialEnd =
  | {
      readonly kind: 'connected';
      /** About one round trip; undefined where it could not be timed. */
      readonly tookMs: number | undefined;
      /** The first line that came, when one was waited for. */
      readonly word: string;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent' }
  | { readonly kind: 'no-route' }
  | { readonly kind: 'name-unknown' }
  /** Nothing there can connect for us. */
  | { readonly kind: 'no-dialler' }
  | { readonly kind: 'failed'; readonly words: string };

/** Answers of the listen script, in the order of the listens. */
export function readListens({ all, one }: Fields, count: number): readonly ListenEnd[] {
  if (one('held') !== undefined) {
    return Array.from({ length: count }, () => ({ kind: 'left-alone' }));
  }
  return Array.from({ length: count }, (_, at) => {
    const line = all('listen').find((each) => each.startsWith(`${at} `));
    return readListen(line?.slice(`${at} `.length) ?? '');
  });
}

function readListen(said: string): ListenEnd {
  const [, pid] = /^up (\d+) /.exec(said) ?? [];
  if (pid !== undefined) return { kind: 'up', pid: Number(pid) };
  if (said === 'none') return { kind: 'no-listener' };
  if (/address already in use/i.test(said)) return { kind: 'taken' };
  if (/cannot assign requested address/i.test(said)) return { kind: 'not-its-own' };
  const words = said.replace(/^failed ?/, '').trim();
  return { kind: 'failed', words: words === '' ? 'it said nothing' : words };
}

/** Answers of the dial script, in the order of the orders. */
export function readDials({ all, one }: Fields, count: number): readonly DialEnd[] {
  const how = one('how');
  return Array.from({ length: count }, (_, at) => {
    if (how === undefined) return { kind: 'no-dialler' };
    const line = all('dial').find((each) => each.startsWith(`${at} `));
    const [, code = '', words = ''] = /^\d+ (\d+) ?(.*)$/.exec(line ?? '') ?? [];
    return readDial(code, words.trim());
  });
}

function readDial(code: string, words: string): DialEnd {
  if (code === '0') {
    const [, took = '', word = ''] = /^connected (\S+) ?(.*)$/.exec(words) ?? [];
    const microseconds = Number(took);
    const tookMs = Number.isFinite(microseconds) ? microseconds / 1000 : undefined;
    return { kind: 'connected', tookMs, word: word.trim() };
  }
  // What `timeout` ends with when it had to end it.
  return code === '124' || code === '137' ? { kind: 'silent' } : dialEndOf(words);
}

/** By the words of the system, which every program repeats; node's own codes say the same. */
export function dialEndOf(words: string): DialEnd {
  if (/connection refused|ECONNREFUSED/i.test(words)) return { kind: 'refused' };
  if (/no route to host|network is unreachable|EHOSTUNREACH|ENETUNREACH/i.test(words)) {
    return { kind: 'no-route' };
  }
  if (/timed out|ETIMEDOUT/i.test(words)) return { kind: 'silent' };
  if (/not known|name resolution|no address associated|ENOTFOUND|EAI_AGAIN/i.test(words)) {
    return { kind: 'name-unknown' };
  }
  return { kind: 'failed', words: words === '' ? 'it said nothing' : words };
}
