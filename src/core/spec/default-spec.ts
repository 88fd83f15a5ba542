import { assert } from '../../base/index.js';
import { type MemberName, VOTERS_MAX, parseHostName, parseMemberName } from '../cluster/index.js';
import type { ClusterName } from '../cluster/index.js';
import type { ClusterSpec, DriverSpec, MemberSpec } from './cluster-spec.js';
import type { TLSSpec } from './tls.js';

/** What `quorate up` runs without a spec file: m1…mN on this machine. */
export function defaultSpec(wanted: {
  readonly name: ClusterName;
  /** 1 to VOTERS_MAX; the caller has checked it. */
  readonly memberCount: number;
  readonly version: string;
}): ClusterSpec {
  const { name, memberCount, version } = wanted;
  assert(memberCount >= 1 && memberCount <= VOTERS_MAX, `${memberCount} members asked for`);
  const driver: DriverSpec = { kind: 'local' };
  const members = Array.from({ length: memberCount }, (_, i) => memberNamed(`m${i + 1}`));
  return {
    name,
    version,
    bootstrap: { kind: 'static' },
    driver,
    members,
    // Whoever names the number means it.
    ...(memberCount % 2 === 0 ? { allowEvenSize: true } : {}),
    etcd: {},
    tls: defaultTLS(driver, members),
    proxies: [],
    consumers: [],
  };
}

/** Certificates by ourselves, except on this machine's loopback, where nobody else listens. */
export const defaultTLS = (driver: DriverSpec, members: readonly MemberSpec[]): TLSSpec =>
  driver.kind === 'local' && members.every(onLoopback) ? { kind: 'off' } : { kind: 'auto' };

const onLoopback = ({ peerURLs = [], clientURLs = [] }: MemberSpec): boolean =>
  [...peerURLs, ...clientURLs].every((url) =>
    /^http:\/\/(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(url),
  );

function memberNamed(text: string): MemberSpec {
  const name = parseMemberName(text);
  assert(name.ok, `${text} is no member name`);
  return { name: name.value, host: hostOf(name.value), start: 'quorate' };
}

/** A member's own slot: the host that bears its name. Every member name is a host name. */
export function hostOf(name: MemberName) {
  const host = parseHostName(name);
  assert(host.ok, `${name} is no host name`);
  return host.value;
}
