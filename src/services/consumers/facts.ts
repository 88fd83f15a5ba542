import { parseKernelAddress, plainIP } from './sockets.js';

/** What a script told of a host. */
export interface Facts {
  /** By path; undefined when it is not there. */
  readonly files: ReadonlyMap<string, string | undefined>;
  /** The `cksum` of each file that is there. */
  readonly sums: ReadonlyMap<string, string>;
  /** The unit's files and the environment files, in the order in which they count. */
  readonly unitFiles: readonly { readonly path: string; readonly kind: 'unit' | 'environment' }[];
  readonly shown: ReadonlyMap<string, string>;
  readonly processes: readonly ProcessFacts[];
  readonly addressesOf: ReadonlyMap<string, readonly string[]>;
  /** What /readyz and the consumer's own check said; `ok` when all is well. */
  readonly ready?: string;
  readonly check?: string;
}

export interface ProcessFacts {
  readonly pid: string;
  readonly ageSeconds: number;
  /** The value of the flag with the endpoints, or of the variable. */
  readonly endpoints?: string;
  readonly remotes: readonly { readonly ip: string; readonly port: number }[];
}

export function parseFacts(stdout: string, flag = ''): Facts {
  const files = new Map<string, string | undefined>();
  const sums = new Map<string, string>();
  const unitFiles: { path: string; kind: 'unit' | 'environment' }[] = [];
  const shown = new Map<string, string>();
  const processes: (ProcessFacts & { args: string[]; env?: string })[] = [];
  const addressesOf = new Map<string, string[]>();
  let ready: string | undefined;
  let check: string | undefined;
  let kind: 'unit' | 'environment' | undefined;
  const lines = stdout.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const [, word = '', rest = ''] = /^(\S+) ?(.*)$/.exec(lines[i] ?? '') ?? [];
    const process = processes.at(-1);
    switch (word) {
      case 'unit':
      case 'environment':
        kind = word;
        break;
      case 'file':
      case 'missing': {
        if (lines[i + 1]?.startsWith('sum ') === true) sums.set(rest, lines[++i]?.slice(4) ?? '');
        let content = '';
        while (lines[i + 1]?.startsWith('  ') === true) content += lines[++i]?.trim() ?? '';
        const text = Buffer.from(content, 'base64').toString('utf8');
        files.set(rest, word === 'file' ? text : undefined);
        if (kind !== undefined && word === 'file') unitFiles.push({ path: rest, kind });
        kind = undefined;
        break;
      }
      case 'show': {
        const at = rest.indexOf('=');
        shown.set(rest.slice(0, at), rest.slice(at + 1));
        break;
      }
      case 'process': {
        const [pid = '', seconds = ''] = rest.split(' ');
        processes.push({ pid, ageSeconds: Number(seconds), remotes: [], args: [] });
        break;
      }
      case 'arg':
        process?.args.push(rest);
        break;
      case 'env':
        if (process !== undefined) process.env = rest.slice(rest.indexOf('=') + 1);
        break;
      case 'tcp':
        if (process !== undefined) {
          processes.splice(-1, 1, {
            ...process,
            remotes: [...process.remotes, parseKernelAddress(rest)],
          });
        }
        break;
      case 'name': {
        const [name = '', ip = ''] = rest.split(' ');
        addressesOf.set(name, [...(addressesOf.get(name) ?? []), plainIP(ip)]);
        break;
      }
      case 'ready':
        ready = rest;
        break;
      case 'check':
        check = rest;
        break;
    }
  }
  return {
    files,
    sums,
    unitFiles,
    shown,
    processes: processes.map(({ args, env, ...process }) => {
      const endpoints = flagValue(args, flag) ?? env;
      return endpoints === undefined ? process : { ...process, endpoints };
    }),
    addressesOf,
    ...(ready === undefined ? {} : { ready }),
    ...(check === undefined ? {} : { check }),
  };
}

function flagValue(args: readonly string[], flag: string): string | undefined {
  for (const [i, arg] of args.entries()) {
    const match = new RegExp(`^--?${flag}(=|$)`).exec(arg);
    if (match !== null) return match[1] === '=' ? arg.slice(match[0].length) : args[i + 1];
  }
  return undefined;
}
