import { assert, assertNever } from '../../base/index.js';
import {
  type Consumer,
  type ConsumerPlace,
  parseClientURL,
  parseHostName,
} from '../cluster/index.js';
import {
  type ConsumerFile,
  DEFAULT_FLANNEL_UNIT,
  DEFAULT_MANIFEST,
  DEFAULT_SEPARATOR,
} from './consumer-schema.js';
import { proven } from './proven.js';

/** A consumer of a file without problems, with its defaults. */
export function consumerOf({ kubeApiserver, flannel, file }: ConsumerFile): Consumer {
  if (kubeApiserver !== undefined) {
    const { manifest, unit, environmentFile, readyz } = kubeApiserver;
    const at: ConsumerPlace =
      unit === undefined
        ? { kind: 'manifest', path: manifest ?? DEFAULT_MANIFEST }
        : unitPlace(unit, environmentFile);
    const asked = readyz === undefined ? {} : { readyz };
    return { ...headOf(kubeApiserver), program: { kind: 'kubeApiserver', at, ...asked } };
  }
  if (flannel !== undefined) {
    const at = unitPlace(flannel.unit ?? DEFAULT_FLANNEL_UNIT, flannel.environmentFile);
    return { ...headOf(flannel), program: { kind: 'flannel', at } };
  }
  assert(file !== undefined, 'the rules let a consumer pass that names no kind');
  const { path, template, separator, reload, check } = file;
  return {
    ...headOf(file),
    program: {
      kind: 'file',
      path,
      template,
      separator: separator ?? DEFAULT_SEPARATOR,
      ...(reload === undefined ? {} : { reload }),
      ...(check === undefined ? {} : { check }),
    },
  };
}

type Head = Pick<NonNullable<ConsumerFile['file']>, 'host' | 'endpoints'>;

const headOf = ({ host, endpoints }: Head): Pick<Consumer, 'host' | 'endpoints'> => ({
  host: proven(parseHostName(host)),
  endpoints:
    endpoints === undefined || endpoints === 'members'
      ? 'members'
      : endpoints.map((url) => proven(parseClientURL(url))),
});

const unitPlace = (unit: string, environmentFile: string | undefined): ConsumerPlace => ({
  kind: 'unit',
  unit,
  ...(environmentFile === undefined ? {} : { environmentFile }),
});

/** What consumerOf reads to the same consumer; defaults are left out. */
export function fileOfConsumer({ host, endpoints, program }: Consumer): ConsumerFile {
  const pointed = endpoints === 'members' ? {} : { endpoints: [...endpoints] };
  switch (program.kind) {
    case 'kubeApiserver': {
      const { at, readyz } = program;
      return {
        kubeApiserver: {
          host,
          ...(at.kind === 'manifest' ? manifestOf(at.path) : fileOfUnit(at)),
          ...(readyz === undefined ? {} : { readyz }),
          ...pointed,
        },
      };
    }
    case 'flannel': {
      const { at } = program;
      assert(at.kind === 'unit', 'a flannel has a unit');
      return { flannel: { host, ...fileOfUnit(at), ...pointed } };
    }
    case 'file': {
      const { kind: _kind, separator, ...rest } = program;
      return {
        file: {
          host,
          ...rest,
          ...(separator === DEFAULT_SEPARATOR ? {} : { separator }),
          ...pointed,
        },
      };
    }
    default:
      return assertNever(program);
  }
}

const manifestOf = (path: string) => (path === DEFAULT_MANIFEST ? {} : { manifest: path });

const fileOfUnit = ({ unit, environmentFile }: Extract<ConsumerPlace, { kind: 'unit' }>) => ({
  unit,
  ...(environmentFile === undefined ? {} : { environmentFile }),
});
