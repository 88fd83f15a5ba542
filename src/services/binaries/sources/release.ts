import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import {
  type Problem,
  type Result,
  err,
  isAbort,
  ok,
  systemClock,
  withDeadline,
} from '../../../base/index.js';
import { type EtcdVersion, isAtLeast } from '../../../core/cluster/index.js';
import type { Platform } from '../places.js';
import { digestDiffers } from '../problems.js';
import { type Env, complaint, findTool } from '../run.js';
import type { BinaryName } from '../types.js';
import { type Wish, newestFitting } from '../wish.js';
import { type FetchRoom, type FetchSource, type Fetched, refusals, unpack } from './source.js';

/** The upstream project's public release page. */
const DOWNLOADS = 'https://github.com/etcd-io/etcd/releases/download';
const LISTING = 'https://api.github.com/repos/etcd-io/etcd/releases?per_page=100';

const PROBE_DEADLINE_MS = 2_500;
const DOWNLOAD_DEADLINE_MS = 10 * 60_000;
const SMALL_BYTES_MAX = 8 * 1024 * 1024;
/** An archive is 20–25 MB; something much larger is not what we asked for. */
const ARCHIVE_BYTES_MAX = 256 * 1024 * 1024;
const REPORT_EVERY_BYTES = 1024 * 1024;

/**
 * Upstream's own release archives. The offer is the release's list of digests: with it we know that the archive exists
 * and what it must be. The list comes from the same place, so it proves the transport, not the place.
 *
 * `QUORATE_RELEASES` names a mirror laid out in the same way (`<base>/v3.6.15/SHA256SUMS`); a mirror has no listing, so
 * it answers exact versions only.
 */
export function releaseSource(options: {
  readonly env: Env;
  readonly platform: Platform;
  /** For tests. */
  readonly addresses?: Addresses;
}): FetchSource {
  const { env, platform } = options;
  const addresses = options.addresses ?? addressesIn(env);
  const unsafe = isSafe(addresses.downloads)
    ? undefined
    : 'QUORATE_RELEASES is no https address, and the digests would come over the same line';
  const suffix = platform.os === 'linux' ? 'tar.gz' : 'zip';

  async function list(signal: AbortSignal): Promise<Result<readonly string[], string>> {
    if (addresses.listing === undefined)
      return err('a mirror has no list of versions: name an exact one');
    const answer = await getText(addresses.listing, signal);
    if (!answer.ok) return answer;
    return ok(
      [...answer.value.matchAll(/"tag_name"\s*:\s*"v([^"]+)"/g)].map(([, tag = '']) => tag),
    );
  }

  async function download(
    name: BinaryName,
    version: EtcdVersion,
    archive: string,
    sha256: string,
    room: FetchRoom,
  ): Promise<Result<Fetched, Problem>> {
    const { failed, lacks } = refusals('release', name, { kind: 'exact', version });
    const tar = await findTool('tar', env);
    if (tar === undefined) return err(lacks('no tar on PATH to unpack the archive'));
    const file = join(room.dir, archive);
    const got = await getFile(`${addresses.downloads}/v${version}/${archive}`, file, room);
    if (!got.ok) return err(failed(got.error));
    if (got.value !== sha256) {
      return err(
        digestDiffers({
          source: 'release',
          file: archive,
          wantedSha256: sha256,
          seenSha256: got.value,
        }),
      );
    }
    const end = await unpack(tar, file, room.dir, env, room.signal);
    if (end.kind === 'failed' || end.code !== 0) return err(failed(`tar: ${complaint(end)}`));
    const inside = join(room.dir, archive.slice(0, -`.${suffix}`.length));
    const files = [];
    for (const each of programsOf(version)) {
      const path = join(inside, each);
      // An archive could hold a link to somewhere else under this name.
      if ((await lstat(path).catch(() => undefined))?.isFile() === true)
        files.push({ name: each, path });
    }
    return ok({ files });
  }

  return {
    name: 'release',
    probeDeadlineMs: PROBE_DEADLINE_MS,
    offer: async (name, wish, signal) => {
      const { lacks } = refusals('release', name, wish);
      if (unsafe !== undefined) return err(lacks(unsafe));
      const version = await pick(wish, () => list(signal));
      if (!version.ok) return err(lacks(version.error));
      if (!programsOf(version.value).includes(name))
        return err(lacks(`etcd ${version.value} has no ${name}`));
      const sums = await getText(`${addresses.downloads}/v${version.value}/SHA256SUMS`, signal);
      if (!sums.ok) return err(lacks(sums.error));
      const archive = `etcd-v${version.value}-${platform.os}-${platform.arch}.${suffix}`;
      const sha256 = readSums(sums.value, archive);
      if (sha256 === undefined) return err(lacks(`the release has no ${archive}`));
      return ok({
        version: version.value,
        fetch: (room) => download(name, version.value, archive, sha256, room),
      });
    },
    versions: async (name, signal) => {
      const listed = await list(signal);
      return listed.ok
        ? ok({ versions: listed.value, note: 'the hundred newest releases' })
        : err(refusals('release', name).lacks(listed.error));
    },
  };
}

/**
 * Where upstream's archive for Linux on some machine is and what it must be, for somebody who fetches it himself. The
 * digest is asked for here, so that who fetches need not trust the line.
 */
export async function releaseArchive(
  options: { readonly env: Env; readonly addresses?: Addresses },
  version: EtcdVersion,
  arch: string,
  signal: AbortSignal,
): Promise<
  Result<{ readonly url: string; readonly sha256: string; readonly folder: string }, Problem>
> {
  const { downloads } = options.addresses ?? addressesIn(options.env);
  const { lacks } = refusals('release', 'etcd', { kind: 'exact', version });
  if (!isSafe(downloads)) return err(lacks(`${downloads} is no https address`));
  const sums = await getText(`${downloads}/v${version}/SHA256SUMS`, signal);
  if (!sums.ok) return err(lacks(sums.error));
  const folder = `etcd-v${version}-linux-${arch}`;
  const sha256 = readSums(sums.value, `${folder}.tar.gz`);
  return sha256 === undefined
    ? err(lacks(`the release has no ${folder}.tar.gz`))
    : ok({ url: `${downloads}/v${version}/${folder}.tar.gz`, sha256, folder });
}

function addressesIn(env: Env): Addresses {
  const mirror = env['QUORATE_RELEASES'];
  return mirror === undefined || mirror === ''
    ? { downloads: DOWNLOADS, listing: LISTING }
    : { downloads: mirror.replace(/\/+$/, '') };
}

interface Addresses {
  readonly downloads: string;
  readonly listing?: string;
}

/** Plain http is for this machine only. */
function isSafe(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return (
    protocol === 'https:' ||
    (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
  );
}

async function pick(
  wish: Wish,
  list: () => Promise<Result<readonly string[], string>>,
): Promise<Result<EtcdVersion, string>> {
  if (wish.kind === 'exact') return ok(wish.version);
  const listed = await list();
  if (!listed.ok) return listed;
  const version = newestFitting(wish, listed.value);
  return version === undefined
    ? err(`no release of ${wish.minor} among the newest hundred`)
    : ok(version);
}

const programsOf = (version: EtcdVersion): readonly BinaryName[] =>
  isAtLeast(version, 3, 5) ? ['etcd', 'etcdctl', 'etcdutl'] : ['etcd', 'etcdctl'];

/** Finds a file's digest in what `sha256sum` wrote. */
export function readSums(text: string, file: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, sha256, name] = /^([0-9a-fA-F]{64})\s+\*?(\S+)\s*$/.exec(line) ?? [];
    if (name === file) return sha256?.toLowerCase();
  }
  return undefined;
}

/** GET, with errors as sentences. Refuses to be led from https to http. */
async function get(url: string, signal: AbortSignal): Promise<Result<Response, string>> {
  try {
    const response = await fetch(url, {
      signal,
      redirect: 'follow',
      headers: { 'user-agent': 'quorate' },
    });
    if (url.startsWith('https:') && !response.url.startsWith('https:')) {
      await response.body?.cancel();
      return err(`${hostOf(url)} leads to an address without TLS`);
    }
    if (response.ok) return ok(response);
    await response.body?.cancel();
    return err(
      response.status === 404
        ? `${hostOf(url)} has no such release`
        : `${hostOf(url)} answered ${response.status}`,
    );
  } catch (error) {
    return err(`${hostOf(url)} cannot be reached: ${causeOf(error)}`);
  }
}

async function getText(url: string, signal: AbortSignal): Promise<Result<string, string>> {
  const answer = await get(url, signal);
  if (!answer.ok) return answer;
  try {
    const chunks: Buffer[] = [];
    let receivedBytes = 0;
    for await (const chunk of streamOf(answer.value)) {
      chunks.push(chunk);
      receivedBytes += chunk.length;
      if (receivedBytes > SMALL_BYTES_MAX) return err(`${hostOf(url)} sent far more than a list`);
    }
    return ok(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    return err(`${hostOf(url)} broke off: ${causeOf(error)}`);
  }
}

/** Downloads to `file`; answers its SHA-256. */
async function getFile(
  url: string,
  file: string,
  room: FetchRoom,
): Promise<Result<string, string>> {
  const got = await withDeadline(systemClock, DOWNLOAD_DEADLINE_MS, room.signal, (signal) =>
    receive(url, file, room, signal),
  );
  return got.late ? err('the download did not end in time') : got.value;
}

async function receive(
  url: string,
  file: string,
  room: FetchRoom,
  signal: AbortSignal,
): Promise<Result<string, string>> {
  const answer = await get(url, signal);
  if (!answer.ok) return answer;
  const length = Number(answer.value.headers.get('content-length') ?? Number.NaN);
  const total = Number.isSafeInteger(length) && length > 0 ? { totalBytes: length } : {};
  const hash = createHash('sha256');
  let receivedBytes = 0;
  let reportedBytes = 0;
  const watch = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      receivedBytes += chunk.length;
      if (receivedBytes > ARCHIVE_BYTES_MAX)
        throw new Error('the archive is far larger than one of etcd');
      if (receivedBytes - reportedBytes >= REPORT_EVERY_BYTES) {
        reportedBytes = receivedBytes;
        room.report('fetching', { receivedBytes, ...total });
      }
      yield chunk;
    }
  };
  room.report('fetching', { receivedBytes, ...total });
  try {
    await pipeline(streamOf(answer.value), watch, createWriteStream(file, { flags: 'wx' }), {
      signal,
    });
  } catch (error) {
    return err(`the download broke off after ${receivedBytes} bytes: ${causeOf(error)}`);
  }
  room.report('fetching', { receivedBytes, ...total });
  return ok(hash.digest('hex'));
}

const streamOf = (response: Response): Readable =>
  response.body === null
    ? Readable.from([])
    : Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);

const hostOf = (url: string): string => new URL(url).host;

/** What lies under fetch's own "fetch failed". */
function causeOf(error: unknown): string {
  if (isAbort(error)) return 'no answer in time';
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
