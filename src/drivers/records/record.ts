import { assertNever, clusterIDOf, parseMemberID, unsafeBrand } from '../../base/index.js';
import {
  type ClusterRecord,
  type ClusterToken,
  type Fingerprint,
  type HostAddresses,
  type MeetingPlace,
  parseClientURL,
  parseClusterName,
  parseEtcdVersion,
  parseHostName,
  parsePeerURL,
} from '../../core/cluster/index.js';
import {
  ShapeError,
  fields,
  flag,
  list,
  oneOf,
  optional,
  parsed,
  record,
  text,
  wholeNumber,
} from './shape.js';

/** The record as we once wrote it. Throws a ShapeError that says where it is none. */
export function parseRecord(value: unknown): ClusterRecord {
  const data = fields(value, 'the file');
  if (data['formatVersion'] !== 1) {
    throw new ShapeError(
      `formatVersion is ${JSON.stringify(data['formatVersion'])}, and this Quorate reads 1`,
    );
  }
  return {
    formatVersion: 1,
    name: parsed(parseClusterName)(data['name'], 'name'),
    token: unsafeBrand<ClusterToken>(text(data['token'], 'token')),
    ...optional(data, 'clusterID', clusterID),
    ...optional(data, 'meetingPlace', meetingPlace),
    ...optional(data, 'authorities', (value, where) => list(value, where, fingerprint)),
    version: version(data['version'], 'version'),
    issuedNew: list(data['issuedNew'], 'issuedNew', parsed(parseHostName)),
    addresses: record(data['addresses'], 'addresses', hostAddresses),
    retire: list(data['retire'], 'retire', memberID),
  };
}

function hostAddresses(value: unknown, where: string): HostAddresses {
  const data = fields(value, where);
  return {
    peerURLs: list(data['peerURLs'], `${where}.peerURLs`, parsed(parsePeerURL)),
    clientURLs: list(data['clientURLs'], `${where}.clientURLs`, parsed(parseClientURL)),
    listenPeerURLs: list(data['listenPeerURLs'], `${where}.listenPeerURLs`, text),
    listenClientURLs: list(data['listenClientURLs'], `${where}.listenClientURLs`, text),
    listenMetricsURLs: list(data['listenMetricsURLs'], `${where}.listenMetricsURLs`, text),
    dataDir: text(data['dataDir'], `${where}.dataDir`),
    ...optional(data, 'adopted', (adopted) =>
      optional(fields(adopted, `${where}.adopted`), 'unit', text),
    ),
  };
}

function meetingPlace(value: unknown, where: string): MeetingPlace {
  const data = fields(value, where);
  const place = {
    size: wholeNumber(data['size'], `${where}.size`),
    isOurs: flag(data['isOurs'], `${where}.isOurs`),
  };
  const protocol = oneOf(data['protocol'], ['v2', 'v3'], `${where}.protocol`);
  switch (protocol) {
    case 'v2':
      return { protocol, url: text(data['url'], `${where}.url`), ...place };
    case 'v3': {
      const endpoints = list(data['endpoints'], `${where}.endpoints`, text);
      return { protocol, endpoints, token: text(data['token'], `${where}.token`), ...place };
    }
    default:
      return assertNever(protocol);
  }
}

const fingerprint = (value: unknown, where: string) => unsafeBrand<Fingerprint>(text(value, where));

export const memberID = (value: unknown, where: string) => {
  const id = parseMemberID(text(value, where));
  if (id === undefined) throw new ShapeError(`${where} is not a 64-bit id in hex`);
  return id;
};

const clusterID = (value: unknown, where: string) =>
  clusterIDOf(BigInt(`0x${memberID(value, where)}`));

function version(value: unknown, where: string) {
  const parsedVersion = parseEtcdVersion(text(value, where));
  if (parsedVersion === undefined) throw new ShapeError(`${where} is not an etcd version`);
  return parsedVersion;
}
