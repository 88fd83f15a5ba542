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

/** A domain of the DNS: lower case, without the final dot. */
export type DomainName = Brand<string, 'DomainName'>;

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Reads `Example.com.` as `example.com`. */
export function parseDomainName(text: string): Result<DomainName, string> {
  const name = text.toLowerCase().replace(/\.$/, '');
  const isAddress = /^\d+(\.\d+)*$/.test(name);
  return name.length <= 253 && !isAddress && name.split('.').every((label) => LABEL.test(label))
    ? ok(unsafeBrand<DomainName>(name))
    : err('a domain: labels of letters, digits, "_" and "-", at most 63 each, with dots between');
}

/** etcd puts the name into one label, `_etcd-server-ssl-NAME`, and a label ends at 63. */
const SERVICE_NAME_MAX = 63 - '_etcd-server-ssl-'.length;

/** `--discovery-srv-name`, by which one domain can hold several clusters. */
export function parseSRVServiceName(text: string): Result<string, string> {
  return text.length <= SERVICE_NAME_MAX && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)
    ? ok(text)
    : err(`lower-case letters, digits and "-", at most ${SERVICE_NAME_MAX}`);
}

/** The same addresses, in whatever order they are written. */
export const sameURLs = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join() === [...b].sort().join();
