import { z } from 'zod';
import { SUPPORTED_MINORS } from '../cluster/index.js';
import { type FlagInfo, flagInfo, flagsOf, whyReserved } from '../spec/index.js';
import { fileSchema } from './schema.js';
import { isRecord } from './values.js';
import type { Path } from './yaml-text.js';

export interface JSONSchema {
  readonly [keyword: string]: unknown;
}

/** The schema that editors use (draft 2020-12): fields, meanings, examples, and every flag of every minor. */
export function jsonSchema(): JSONSchema {
  return mapAt(plainSchema(), ['properties', 'spec', 'properties', 'etcd'], (etcd) => {
    const { propertyNames: _names, additionalProperties: _values, ...rest } = etcd;
    return { ...rest, properties: flagSchemas(), additionalProperties: false };
  });
}

/** Made when first asked for: a spec without mistakes never needs it. */
function plainSchema(): JSONSchema {
  made ??= z.toJSONSchema(fileSchema, { target: 'draft-2020-12', io: 'input' });
  return made;
}
let made: JSONSchema | undefined;

export interface Field {
  readonly schema: JSONSchema;
  readonly isRequired: boolean;
  /** Names of the fields in it; those of its items when it is a list. */
  readonly fields: readonly string[];
}

/** The field at a path such as `['spec', 'members', 0, 'name']`; flags are not fields here. */
export function fieldAt(path: Path): Field | undefined {
  let schema = plainSchema();
  let isRequired = true;
  for (const key of path) {
    const inner = mapIn(schema);
    const { properties, required } = inner;
    const next =
      typeof key === 'number'
        ? schema['items']
        : isRecord(properties)
          ? properties[key]
          : undefined;
    if (!isRecord(next)) return undefined;
    isRequired = Array.isArray(required) && required.includes(key);
    schema = next;
  }
  const { properties } = mapIn(schema);
  return { schema, isRequired, fields: isRecord(properties) ? Object.keys(properties) : [] };
}

/** The map that a schema speaks of: itself, its items, or the alternative that is a map. */
function mapIn(schema: JSONSchema): JSONSchema {
  const { items, anyOf, properties } = schema;
  if (properties !== undefined) return schema;
  if (isRecord(items)) return mapIn(items);
  const alternatives: readonly unknown[] = Array.isArray(anyOf) ? anyOf : [];
  return alternatives.filter(isRecord).find((each) => each['properties'] !== undefined) ?? schema;
}

function flagSchemas(): Readonly<Record<string, JSONSchema>> {
  const schemas: Record<string, JSONSchema> = {};
  // The newest minor that has a flag describes it.
  for (const minor of SUPPORTED_MINORS) {
    for (const info of flagsOf(minor)) {
      if (info.type !== 'ignored' && whyReserved(info.name) === undefined)
        schemas[info.name] = flagSchema(info);
    }
  }
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function flagSchema(info: FlagInfo): JSONSchema {
  const minors = SUPPORTED_MINORS.filter((minor) => flagInfo(minor, info.name) !== undefined);
  const only =
    minors.length === SUPPORTED_MINORS.length ? '' : `Only in etcd ${minors.join(', ')}.`;
  const description = [info.meaning ?? '', only].filter((part) => part !== '').join(' ');
  return {
    ...valueSchema(info),
    ...(description === '' ? {} : { description }),
    ...(info.default === '' ? {} : { default: info.default }),
    ...(info.deprecated === true ? { deprecated: true } : {}),
  };
}

function valueSchema(info: FlagInfo): JSONSchema {
  if (info.allowed !== undefined) return { enum: info.allowed };
  switch (info.type) {
    case 'bool':
      return { enum: [true, false, 'true', 'false'] };
    case 'int':
    case 'int64':
    case 'uint':
    case 'uint32':
    case 'uint64':
      return { type: ['integer', 'string'] };
    case 'duration':
      return { type: 'string' };
    case 'strings':
    case 'urls':
      return { type: ['string', 'array'], items: { type: ['string', 'number'] } };
    default:
      return { type: ['string', 'number', 'boolean'] };
  }
}

function mapAt(
  schema: JSONSchema,
  path: readonly string[],
  change: (schema: JSONSchema) => JSONSchema,
): JSONSchema {
  const [key, ...rest] = path;
  if (key === undefined) return change(schema);
  const inner = schema[key];
  return { ...schema, [key]: mapAt(isRecord(inner) ? inner : {}, rest, change) };
}
