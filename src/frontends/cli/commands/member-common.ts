import { type Result, err, ok } from '../../../base/index.js';
import { type PeerURL, parsePeerURL } from '../../../core/cluster/index.js';
import type { EtcdAdmin, Wish } from '../../../engine/ports/index.js';
import { type ChosenMember, chooseMember, meantCluster } from '../choose.js';
import { type Context, fail } from '../context.js';
import { type WishEdit, editWish } from '../edit-wish.js';
import { tellEvenSize } from '../even-size.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { whyHostsUnfit } from '../new-hosts.js';
import type { Look, ManagedCluster } from '../ports.js';
import { badValue, clusterDown, clusterPaused, usage } from '../problems.js';
import { settledPreviewOf } from '../settled-preview.js';
import type { ListedMember } from '../reports/member-list.js';
import { type Stop, stop } from '../stop.js';
import { type Seat, seatAt, seatOf } from '../seat.js';

export interface MemberOptions {
  readonly endpoints?: string;
  readonly timeout: string;
  readonly skipHostsCheck?: boolean;
}

/** How long a supervisor may take to answer for itself. */
export const SUPERVISE_MS = 10_000;

export interface Kept {
  readonly cluster: ManagedCluster;
  readonly look: Look;
}

/** The cluster, looked at once. */
export async function keptCluster(context: Context): Promise<Result<Kept, Stop>> {
  const cluster = await meantCluster(context);
  if (!cluster.ok) return cluster;
  const look = await cluster.value.look(context.interrupt);
  if (!look.ok) return stop(EXIT.failed, ...look.error);
  return ok({ cluster: cluster.value, look: look.value });
}

/** The same, and the cluster may be changed now. */
export async function changeableCluster(context: Context): Promise<Result<Kept, Stop>> {
  const kept = await keptCluster(context);
  if (!kept.ok) return kept;
  const { wish } = kept.value.look;
  const cluster = kept.value.cluster.name;
  if (wish.state === 'down') return stop(EXIT.failed, clusterDown({ cluster }));
  if (wish.paused) return stop(EXIT.failed, clusterPaused({ cluster }));
  return kept;
}

/** The members as listed; none while nobody can tell, so that names of the spec still work. */
export const listedIn = (look: Look): readonly ListedMember[] => {
  const seat = seatOf(look);
  return seat.ok ? seat.value.members : [];
};

export function memberOf({ cluster, look }: Kept, asked: string): Result<ChosenMember, Stop> {
  const seat = seatOf(look);
  const chosen = chooseMember(
    cluster.name,
    asked,
    look.wish.spec,
    seat.ok ? seat.value.members : [],
    seat.ok ? seat.value.hostOf : () => undefined,
  );
  return chosen.ok ? chosen : stop(EXIT.usage, chosen.error);
}

export function memberAt(seat: Seat, asked: string): Result<ListedMember, Stop> {
  const chosen = chooseMember(seat.label, asked, { members: [] }, seat.members, () => undefined);
  if (!chosen.ok) return stop(EXIT.usage, chosen.error);
  const listed = seat.members.find(({ id }) => id === chosen.value.listed?.id);
  return listed === undefined
    ? stop(EXIT.usage, usage({ message: `${asked} is not listed`, hint: '' }))
    : ok(listed);
}

/** Writes a changed wish, unless the plan for it would be blocked from the start: then nothing is written. */
export async function acceptEdit(
  context: Context,
  { cluster, look }: Kept,
  {
    command,
    skipHostsCheck: skip,
  }: { readonly command: string; readonly skipHostsCheck: boolean | undefined },
  edit: WishEdit,
): Promise<Result<Wish, Stop>> {
  const imagined = edit(look.wish);
  if (!imagined.ok) return stop(EXIT.usage, imagined.error);
  const { spec, retire } = imagined.value;
  const [unfit, report] = await Promise.all([
    whyHostsUnfit(context, look.input.record, { spec, skip }),
    settledPreviewOf(context, cluster, look, { spec, retire }),
  ]);
  if (!report.ok) return stop(EXIT.failed, ...report.error);
  const { kind, problem } = report.value;
  if (kind === 'blocked' && problem !== undefined) return stop(EXIT.blocked, problem);
  if (unfit.length > 0) return stop(EXIT.blocked, ...unfit);
  const edited = await editWish(context, cluster, command, edit);
  if (edited.ok) tellEvenSize(context, look.wish.spec, edited.value.wish.spec);
  return edited.ok ? ok(edited.value.wish) : stop(EXIT.failed, edited.error);
}

/** Runs `work` on a cluster that is named by its endpoints, and closes the connections after it. */
export async function atEndpoints(
  context: Context,
  endpoints: string,
  work: (admin: EtcdAdmin, seat: Seat) => Promise<ExitCode>,
): Promise<ExitCode> {
  const list = endpoints
    .split(',')
    .flatMap((text) => (text.trim() === '' ? [] : [withScheme(text)]));
  if (list.length === 0) {
    return fail(context, usage({ message: '--endpoints names none', hint: '' }), EXIT.usage);
  }
  return withAdmin(context, async (admin) => {
    const seat = await seatAt(context, admin, list);
    return seat.ok ? work(admin, seat.value) : fail(context, seat.error);
  });
}

/** As etcdctl: without a scheme it is plain text. */
const withScheme = (text: string): string => {
  const bare = text.trim();
  return bare.includes('://') ? bare : `http://${bare}`;
};

export async function withAdmin<T>(
  { ports }: Context,
  work: (admin: EtcdAdmin) => Promise<T>,
): Promise<T> {
  const admin = await ports.admin();
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

export function readPeerURLs(text: string): Result<readonly PeerURL[]> {
  const urls: PeerURL[] = [];
  for (const part of text.split(',')) {
    const url = parsePeerURL(part.trim());
    if (!url.ok) {
      return err(badValue({ what: 'A peer URL', found: part, allowed: url.error, nearest: '' }));
    }
    urls.push(url.value);
  }
  return ok(urls);
}
