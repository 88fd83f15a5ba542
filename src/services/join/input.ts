/** What was typed, read at once: every fault is told, and nothing is touched before there is none. */
import { type Problem, type Result, err, nearest, ok } from '../../base/index.js';
import type { JoinWords } from '../../core/bootstrap/index.js';
import {
  type ClientURL,
  type MemberName,
  type PeerURL,
  parseClientURL,
  parseDiscoveryURL,
  parseMemberName,
  parsePeerURL,
} from '../../core/cluster/index.js';
import { versionFault } from '../../core/spec/index.js';
import { joinBadValue, joinNeedsTLS, joinOptionsDiffer } from './problems.js';

const SIZE_EXCEEDED = ['gateway', 'fail'] as const;
export type SizeExceeded = (typeof SIZE_EXCEEDED)[number];

export interface JoinInput {
  readonly name: MemberName;
  readonly place: JoinPlace | undefined;
  readonly said: SaidAddresses | undefined;
  readonly dataDir: string;
  /** A minor for its newest patch at hand, or an exact version. */
  readonly version: string;
  readonly sizeExceeded: SizeExceeded;
}

export type JoinPlace =
  | { readonly protocol: 'v2'; readonly url: string }
  | { readonly protocol: 'v3'; readonly token: string; readonly endpoints: readonly string[] };

/** Both: one host name for peers and clients is not guessed from the other. */
export interface SaidAddresses {
  readonly peerURL: PeerURL;
  readonly clientURL: ClientURL;
}

export function readInput(words: JoinWords): Result<JoinInput, readonly Problem[]> {
  const problems: Problem[] = [];
  const bad = (option: string, found: string, allowed: string): undefined => {
    problems.push(joinBadValue({ option, found, allowed }));
  };
  const name = parseMemberName(words.name);
  if (!name.ok) bad('name', words.name, name.error);
  const place = readPlace(words, problems);
  const said = readAddresses(words, problems);
  const version = words.version.replace(/^v/, '');
  const fault = versionFault(version);
  if (fault !== undefined) bad('version', words.version, fault.allowed);
  const sizeExceeded = SIZE_EXCEEDED.find((each) => each === words.sizeExceeded);
  if (sizeExceeded === undefined) {
    const near = nearest(words.sizeExceeded, SIZE_EXCEEDED);
    const meant = near === undefined ? '' : ` (did you mean ${near}?)`;
    bad('size-exceeded', words.sizeExceeded, `${SIZE_EXCEEDED.join(' or ')}${meant}`);
  }
  if (words.dataDir === '') bad('data-dir', words.dataDir, 'a directory');
  if (!name.ok || sizeExceeded === undefined || problems.length > 0) return err(problems);
  const dataDir = words.dataDir ?? `${name.value}.etcd`;
  return ok({ name: name.value, place, said, dataDir, version, sizeExceeded });
}

function readPlace(words: JoinWords, problems: Problem[]): JoinPlace | undefined {
  const { discovery, discoveryToken, discoveryEndpoints } = words;
  const hasV3 = discoveryToken !== undefined || discoveryEndpoints !== undefined;
  if (discovery !== undefined && hasV3) {
    const because = '--discovery and --discovery-token exclude each other';
    const instead = 'A cluster meets by URL (v2) or by token (v3), the same for all members.';
    problems.push(joinOptionsDiffer({ because, instead }));
    return undefined;
  }
  if (discovery !== undefined) {
    const url = parseDiscoveryURL(discovery);
    if (url.ok) return { protocol: 'v2', url: url.value };
    problems.push(joinBadValue({ option: 'discovery', found: discovery, allowed: url.error }));
    return undefined;
  }
  if (!hasV3) return undefined;
  if (discoveryToken === undefined || discoveryEndpoints === undefined) {
    const because = '--discovery-token and --discovery-endpoints belong together';
    const instead = 'The token, and the client URLs of the etcd that keeps it.';
    problems.push(joinOptionsDiffer({ because, instead }));
    return undefined;
  }
  if (!/^[\w.~-]+$/.test(discoveryToken)) {
    const allowed = 'letters, digits, ".", "_", "~" and "-"';
    problems.push(joinBadValue({ option: 'discovery-token', found: discoveryToken, allowed }));
  }
  const endpoints = discoveryEndpoints.split(',').map((each) => each.trim());
  for (const endpoint of endpoints) {
    const url = parseClientURL(endpoint);
    if (!url.ok) {
      const option = 'discovery-endpoints';
      problems.push(joinBadValue({ option, found: endpoint, allowed: url.error }));
    } else plainOnly('The etcd that keeps the token', url.value, problems);
  }
  return { protocol: 'v3', token: discoveryToken, endpoints };
}

function readAddresses(words: JoinWords, problems: Problem[]): SaidAddresses | undefined {
  const { listenPeer, listenClient } = words;
  const peer = readURL('listen-peer', listenPeer, parsePeerURL, problems);
  const client = readURL('listen-client', listenClient, parseClientURL, problems);
  if ((listenPeer === undefined) !== (listenClient === undefined)) {
    const because = '--listen-peer and --listen-client belong together';
    const instead = 'Say both, or neither for free ports of this machine on loopback.';
    problems.push(joinOptionsDiffer({ because, instead }));
  }
  if (peer === undefined || client === undefined) return undefined;
  if (new URL(peer).host === new URL(client).host) {
    const because = `--listen-peer and --listen-client are one address: ${new URL(peer).host}`;
    problems.push(joinOptionsDiffer({ because, instead: 'Give each a port of its own.' }));
  }
  return { peerURL: peer, clientURL: client };
}

function readURL<T extends string>(
  option: string,
  text: string | undefined,
  parse: (text: string) => Result<T, string>,
  problems: Problem[],
): T | undefined {
  if (text === undefined) return undefined;
  const url = parse(text);
  if (!url.ok) {
    problems.push(joinBadValue({ option, found: text, allowed: url.error }));
    return undefined;
  }
  if (!plainOnly(`--${option}`, url.value, problems)) return undefined;
  if (!/^https?:/.test(url.value)) {
    const allowed = 'http://HOST:PORT';
    problems.push(joinBadValue({ option, found: text, allowed }));
    return undefined;
  }
  if (/\/\/(0\.0\.0\.0|\[:*0?\]):/.test(url.value)) {
    const allowed = 'an address by which others reach this host; it is told to them';
    problems.push(joinBadValue({ option, found: text, allowed }));
    return undefined;
  }
  return url.value;
}

/** Whether the URL can be used without certificates. */
function plainOnly(what: string, url: string, problems: Problem[]): boolean {
  const isPlain = !url.startsWith('https:') && !url.startsWith('unixs:');
  if (!isPlain) problems.push(joinNeedsTLS({ what, url }));
  return isPlain;
}
