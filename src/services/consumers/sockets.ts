/**
 * Addresses as /proc/net/tcp and tcp6 have them: `0100007F:094B` is 127.0.0.1:2379. The kernel prints each 32-bit word in the
 * machine's own order, which is little-endian on everything that etcd is built for here.
 */
export function parseKernelAddress(text: string): { readonly ip: string; readonly port: number } {
  const [hex = '', port = ''] = text.split(':');
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  return { ip: ipOf(bytes), port: Number.parseInt(port, 16) };
}

/** An IPv4 address in IPv6 clothes is an IPv4 address. */
function ipOf(bytes: readonly number[]): string {
  const isMapped =
    bytes.length === 16 &&
    bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 255 &&
    bytes[11] === 255;
  if (bytes.length === 4 || isMapped) return bytes.slice(-4).join('.');
  return plainIPv6(
    Array.from({ length: 8 }, (_, i) =>
      (((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0)).toString(16),
    ).join(':'),
  );
}

/** One spelling for an IPv6 address: eight groups, without leading zeros. */
export function plainIPv6(text: string): string {
  const [head = '', tail] = text.toLowerCase().split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after]
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

export const plainIP = (text: string): string => (text.includes(':') ? plainIPv6(text) : text);
