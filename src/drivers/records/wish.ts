import {
  parseClientURL,
  parseClusterName,
  parseHostName,
  parseMemberName,
  parsePeerURL,
} from '../../core/cluster/index.js';
import type { ClusterSpec, MemberSpec } from '../../core/spec/index.js';
import type { Wish } from '../../engine/ports/index.js';
import { memberID } from './record.js';
import {
  type Fields,
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

/** The wish as we once wrote it. Throws a ShapeError that says where it is none. */
export function parseWish(value: unknown): Wish {
  const data = fields(value, 'the file');
  return {
    generation: wholeNumber(data['generation'], 'generation'),
    spec: parseStoredSpec(data['spec']),
    state: oneOf(data['state'], ['up', 'down'], 'state'),
    paused: flag(data['paused'], 'paused'),
    retire: list(data['retire'], 'retire', memberID),
  };
}

/** A spec that core/spec has checked before it was written: here only its shape is checked again. */
function parseStoredSpec(value: unknown): ClusterSpec {
  const data = fields(value, 'spec');
  const kindOf = (name: string, kinds: readonly string[]): Fields => {
    const section = fields(data[name], `spec.${name}`);
    oneOf(section['kind'], kinds, `spec.${name}.kind`);
    return section;
  };
  parsed(parseClusterName)(data['name'], 'spec.name');
  text(data['version'], 'spec.version');
  kindOf('bootstrap', ['static', 'discovery', 'dns']);
  kindOf('driver', ['local', 'ssh', 'kubernetes']);
  kindOf('tls', ['auto', 'files', 'off']);
  list(data['members'], 'spec.members', memberSpec);
  record(data['etcd'], 'spec.etcd', scalar);
  list(data['proxies'], 'spec.proxies', fields);
  list(data['consumers'], 'spec.consumers', fields);
  optional(data, 'allowEvenSize', flag);
  optional(data, 'backups', fields);
  optional(data, 'sources', (sources, where) => list(sources, where, text));
  return data as unknown as ClusterSpec;
}

function memberSpec(value: unknown, where: string): MemberSpec {
  const data = fields(value, where);
  return {
    name: parsed(parseMemberName)(data['name'], `${where}.name`),
    host: parsed(parseHostName)(data['host'], `${where}.host`),
    start: oneOf(data['start'], ['quorate', 'by-hand'], `${where}.start`),
    ...optional(data, 'peerURLs', (urls, at) => list(urls, at, parsed(parsePeerURL))),
    ...optional(data, 'clientURLs', (urls, at) => list(urls, at, parsed(parseClientURL))),
  };
}

function scalar(value: unknown, where: string): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw new ShapeError(`${where} is no text, number or true/false`);
}
