import { type Brand, type Result, err, ok, unsafeBrand } from '../../base/index.js';

/** Our name for the cluster, in spec and commands. */
export type ClusterName = Brand<string, 'ClusterName'>;
/** The human name of a member (`--name`); empty in etcd until the member has started. */
export type MemberName = Brand<string, 'MemberName'>;
/** A machine or slot that can run one member. For the local driver: a slot in the state directory. */
export type HostName = Brand<string, 'HostName'>;
/** `--initial-cluster-token`: unique per incarnation of a cluster. */
export type ClusterToken = Brand<string, 'ClusterToken'>;
/** Where members talk to each other: `http://127.0.0.1:2380`. */
export type PeerURL = Brand<string, 'PeerURL'>;
/** Where clients talk to a member, as advertised. */
export type ClientURL = Brand<string, 'ClientURL'>;

export const NAME_LENGTH_MAX = 63;

const NAME = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i;
const CLUSTER_NAME = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** The error of the three name parsers says in words what is allowed. */
export function parseClusterName(text: string): Result<ClusterName, string> {
  return text.length <= NAME_LENGTH_MAX && CLUSTER_NAME.test(text)
    ? ok(unsafeBrand<ClusterName>(text))
    : err(
        `lower-case letters, digits and "-", at most ${NAME_LENGTH_MAX}, first and last a letter or digit`,
      );
}
export function parseMemberName(text: string): Result<MemberName, string> {
  return text.length <= NAME_LENGTH_MAX && NAME.test(text)
    ? ok(unsafeBrand<MemberName>(text))
    : err(
        `letters, digits, ".", "_" and "-", at most ${NAME_LENGTH_MAX}, first and last a letter or digit`,
      );
}
export function parseHostName(text: string): Result<HostName, string> {
  return text.length <= 253 && /^[a-z0-9]([a-z0-9._:-]*[a-z0-9])?$/i.test(text)
    ? ok(unsafeBrand<HostName>(text))
    : err('a host name or address: letters, digits, ".", "_", ":" and "-"');
}

const URL_SHAPE = /^(https?|unix|unixs):\/\/(\[[0-9a-fA-F:.]+\]|[^/?#\s:[\]]+):(\d{1,5})$/;

function parseEndpointURL(text: string): Result<string, string> {
  const match = URL_SHAPE.exec(text);
  if (match === null || Number(match[3]) < 1 || Number(match[3]) > 65535) {
    return err(
      'scheme://host:port with scheme http or https and no path, for example http://10.0.1.10:2380',
    );
  }
  return ok(text);
}
export function parsePeerURL(text: string): Result<PeerURL, string> {
  const url = parseEndpointURL(text);
  return url.ok ? ok(unsafeBrand<PeerURL>(url.value)) : url;
}
export function parseClientURL(text: string): Result<ClientURL, string> {
  const url = parseEndpointURL(text);
  return url.ok ? ok(unsafeBrand<ClientURL>(url.value)) : url;
}
