/** Every minor that Quorate runs. What the issue asks of "etcd 3.4, 3.5, 3.6 and 3.7" runs on all of them. */
export const MINORS = ['3.4', '3.5', '3.6', '3.7'] as const;

/** Set to 1: every combination of what takes a minute each, not only one of each minor. */
export const LONG = process.env['QUORATE_LONG'] === '1';

/** For what does not depend on etcd's version. */
export const ANY_MINOR = '3.6';
