/** Every minor that Quorate runs. What the issue asks of "etcd 3.4, 3.5, 3.6 and 3.7" runs on all of them. */
export const MINORS = ['3.4', '3.5', '3.6', '3.7'] as const;

/** Set to 1: the long change sequences run on every minor, too. */
export const LONG = process.env['QUORATE_LONG'] === '1';

/** For sequences that take a minute each: the oldest line in wide use and the newest, unless QUORATE_LONG=1. */
export const LONG_MINORS: readonly string[] = LONG ? MINORS : ['3.5', '3.7'];

/** For what does not depend on etcd's version. */
export const ANY_MINOR = '3.6';
