/** Errors of a connection attempt that are about this machine and say nothing about the other side. */
const OWN_FAULTS: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
]);

export const isOwnFault = (code: string | undefined): boolean =>
  code !== undefined && OWN_FAULTS.has(code);
