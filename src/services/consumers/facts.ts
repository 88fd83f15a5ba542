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
  /** PEM of whom it trusts, as its file is now, and whether that file is newer than it. Absent: it names none that can be read. */
  readonly authorities?: { readonly pem: string; readonly isUnread: boolean };
  /** PEM of what it shows. */
  readonly shows?: string;
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
  let i = 0;
  /** The indented lines that follow, which are base64. */
  const textAfter = (): string => {
    let content = '';
    while (lines[i + 1]?.startsWith('  ') === true) content += lines[++i]?.trim() ?? '';
    return Buffer.from(content, 'base64').toString('utf8');
  };
  const amend = (more: Partial<ProcessFacts>): void => {
    const process = processes.pop();
    if (process !== undefined) processes.push({ ...process, ...more });
  };
  for (; i < lines.length; i++) {
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
        const text = textAfter();
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
      case 'authorities':
        amend({ authorities: { pem: textAfter(), isUnread: rest !== 'read' } });
        break;
      case 'shows':
        amend({ shows: textAfter() });
        break;
      case 'tcp':
        amend({ remotes: [...(process?.remotes ?? []), parseKernelAddress(rest)] });
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
