import {
  type Clock,
  type Random,
  type Result,
  applied,
  err,
  instantOf,
  ok,
  refused,
} from '../../base/index.js';
import {
  type Authorities,
  PLANES,
  type Plane,
  type PlaneTrust,
  type TrustPhase,
  renewalOf,
} from '../../core/cluster/index.js';
import { type AutoTLS, type ClusterSpec, validityMsOf } from '../../core/spec/index.js';
import type { CertificateOrder, Certificates, HostFile } from '../../engine/ports/index.js';
import {
  type GivenAuthority,
  authorityNamed,
  givenAuthority,
  issuerPair,
  newAuthorities,
} from './authorities.js';
import { bundleOf } from './bundle.js';
import { knownClients } from './clients.js';
import { judgeFiles } from './judge.js';
import { pkiLayout } from './layout.js';
import { leafLife } from './life.js';
import { noAuthoritiesYet, pkiUnreadable } from './problems.js';
import type { ReadCertificate } from './read.js';
import { copySeat, keepSeat } from './seat.js';
import { type Asked, type PKIState, readAsked, readState, writeState } from './state.js';
import { makeLeaf } from './x509.js';

export interface CertificatesOptions {
  /** The PKI of one cluster on this seat: `<state directory>/pki`. */
  readonly directory: string;
  readonly clock: Clock;
  /** For serial numbers and names; keys come from the platform's own generator. */
  readonly random: Random;
}

/** How a call of `authorities` may end what it finds. */
type How = Parameters<Certificates['authorities']>[1];

/** @example const certificates = createCertificates({ directory: join(stateDir, 'pki'), clock, random }); */
export function createCertificates({
  directory,
  clock,
  random,
}: CertificatesOptions): Certificates {
  const layout = pkiLayout(directory);
  /** Authorities that this process has read, so that `judge` and `issue` read nothing of the spec. */
  let known: readonly ReadCertificate[] = [];
  let wanted: { readonly cluster: string; readonly auto: AutoTLS } | undefined;
  let seat: { readonly key: string; readonly lookAtMs: number } | undefined;

  const authorities = async (
    spec: ClusterSpec,
    how: How,
  ): Promise<Result<Authorities | undefined>> => {
    if (spec.tls.kind === 'files' && how !== 'look') return copySeat(layout, spec.tls.files.seat);
    if (spec.tls.kind !== 'auto') return ok(undefined);
    wanted = { cluster: spec.name, auto: spec.tls };
    const [stored, asked] = await Promise.all([readState(layout), readAsked(layout)]);
    if (!stored.ok) return stored;
    if (!asked.ok) return asked;
    if (stored.value === undefined && how !== 'create') return ok(undefined);
    let state = stored.value;
    if (how !== 'look') {
      const kept = await keep(state, asked.value, spec.name, spec.tls);
      if (!kept.ok) return kept;
      state = kept.value;
    }
    return state === undefined ? ok(undefined) : describe(state, asked.value);
  };

  /** Makes what is missing: the first authorities, those of a rotation, and what this seat shows. */
  const keep = async (
    state: PKIState | undefined,
    asked: Asked,
    cluster: string,
    auto: AutoTLS,
  ): Promise<Result<PKIState>> => {
    const given = await givenAuthority(auto);
    if (!given.ok) return given;
    const now = clock.now();
    const next = await begun(state, asked, cluster, given.value);
    if (!next.ok) return next;
    const key = JSON.stringify(next.value);
    if (seat?.key !== key || seat.lookAtMs <= now) {
      const parts = { cluster, given: given.value, now, random };
      const looked = await keepSeat(layout, next.value, parts);
      if (!looked.ok) return looked;
      seat = { key, lookAtMs: Math.min(looked.value, now + SEAT_LOOK_MS) };
    }
    return next;
  };

  /** The state with a rotation begun, when one is due and none is under way. */
  const begun = async (
    state: PKIState | undefined,
    asked: Asked,
    cluster: string,
    given: GivenAuthority | undefined,
  ): Promise<Result<PKIState>> => {
    const isUnderWay = state !== undefined && isRotating(state);
    if (state !== undefined && (isUnderWay || !(await isRotationDue(state, asked, given)))) {
      return ok(state);
    }
    const made = await newAuthorities(layout, { cluster, given, nowMs: clock.now(), random });
    const plane = (name: Plane) => {
      const before = state?.planes[name];
      if (before === undefined) return { trusted: [made[name]], issuer: made[name] };
      if (before.issuer === made[name]) return before;
      return { trusted: [before.issuer, made[name]], issuer: before.issuer };
    };
    const next: PKIState = {
      planes: { peer: plane('peer'), client: plane('client') },
      ...(asked.rotation === undefined ? {} : { rotation: asked.rotation }),
    };
    await writeState(layout, next);
    return ok(next);
  };

  /** Asked for, or another authority is given than the one that issues, or the one that issues grows old. */
  const isRotationDue = async (
    { planes, rotation }: PKIState,
    asked: Asked,
    given: GivenAuthority | undefined,
  ): Promise<boolean> => {
    if (given !== undefined) {
      return PLANES.some((plane) => planes[plane].issuer !== given.read.fingerprint);
    }
    if (asked.rotation !== undefined && asked.rotation !== rotation) return true;
    for (const plane of PLANES) {
      const { issuer } = planes[plane];
      if (!(await issuerPair(layout, issuer, given)).ok) return true;
      const authority = await authorityNamed(layout, issuer);
      if (authority.ok && renewalOf(authority.value) <= clock.now()) return true;
    }
    return false;
  };

  const describe = async (state: PKIState, asked: Asked): Promise<Result<Authorities>> => {
    const read: ReadCertificate[] = [];
    const trustOf = async (plane: Plane): Promise<Result<PlaneTrust>> => {
      const { trusted, issuer } = state.planes[plane];
      const bundle = await bundleOf(layout, trusted);
      if (!bundle.ok) return bundle;
      read.push(...bundle.value.authorities);
      if (trusted.length === 1) return ok({ trusted, issuer, bundle: bundle.value.digest });
      const after = await bundleOf(layout, trusted.slice(-1));
      if (!after.ok) return after;
      return ok({
        trusted,
        issuer,
        bundle: bundle.value.digest,
        bundleAfter: after.value.digest,
      });
    };
    const peer = await trustOf('peer');
    if (!peer.ok) return peer;
    const client = await trustOf('client');
    if (!client.ok) return client;
    known = read;
    return ok({
      planes: { peer: peer.value, client: client.value },
      ...(asked.renewBefore === undefined ? {} : { renewBefore: instantOf(asked.renewBefore) }),
      heldBy: await heldBy(state, asked),
    });
  };

  /**
   * Programs that may use a certificate of the old authority still, and trust that one alone. Who was issued another one may
   * not have it in its place yet: that it has is for people to say.
   */
  const heldBy = async (state: PKIState, { readyFor }: Asked): Promise<readonly string[]> => {
    const { trusted } = state.planes.client;
    if (trusted.length === 1 || readyFor === trusted.at(-1)) return [];
    const now = clock.now();
    return (await knownClients(layout))
      .filter(({ issuer, notAfter, older = [] }) =>
        [{ issuer, notAfter }, ...older].some(
          (each) => each.issuer !== trusted.at(-1) && each.notAfter > now,
        ),
      )
      .map(({ name }) => name);
  };

  const issue = async (order: CertificateOrder): Promise<Result<readonly HostFile[]>> => {
    const state = await readState(layout);
    if (!state.ok) return state;
    if (state.value === undefined || wanted === undefined) {
      return err(noAuthoritiesYet({ cluster: wanted?.cluster ?? order.host }));
    }
    const { cluster, auto } = wanted;
    const given = await givenAuthority(auto);
    if (!given.ok) return given;
    const files: HostFile[] = [];
    for (const plane of PLANES) {
      const { path, trusted } = order.wanted.bundles[plane];
      const bundle = await bundleOf(layout, trusted);
      if (!bundle.ok) return bundle;
      files.push({ path, content: Buffer.from(bundle.value.text), mode: 0o644 });
    }
    for (const plane of order.leafs) {
      const { path, names, issuer } = order.wanted.leafs[plane];
      const pair = await issuerPair(layout, issuer, given.value);
      if (!pair.ok) return pair;
      const authority = await authorityNamed(layout, issuer);
      if (!authority.ok) return authority;
      const made = await makeLeaf(random, pair.value, {
        // No common name: etcd takes one for a user, and refuses it in what its own gateway shows.
        subject: `O=${cluster}, OU=${order.name}`,
        names,
        use: 'server',
        ...leafLife(clock.now(), validityMsOf(auto), authority.value.notAfter),
      });
      files.push({ path, content: Buffer.from(made.certificate + made.key), mode: 0o600 });
    }
    return ok(files);
  };

  const advance = async (to: TrustPhase): Promise<Result<void>> => {
    const stored = await readState(layout);
    if (!stored.ok) return stored;
    if (stored.value === undefined)
      return err(noAuthoritiesYet({ cluster: wanted?.cluster ?? '' }));
    const { planes, ...rest } = stored.value;
    const plane = (name: Plane) => {
      const { trusted } = planes[name];
      const newest = trusted.at(-1);
      if (newest === undefined || trusted.length === 1) return planes[name];
      return { trusted: to === 'issue-new' ? trusted : [newest], issuer: newest };
    };
    await writeState(layout, { planes: { peer: plane('peer'), client: plane('client') }, ...rest });
    return ok(undefined);
  };

  const onDisk = async <T>(work: () => Promise<Result<T>>): Promise<Result<T>> => {
    try {
      return await work();
    } catch (error) {
      return err(pkiUnreadable({ path: directory, because: String(error) }));
    }
  };

  return {
    directory,
    authorities: (spec, how) => onDisk(() => authorities(spec, how)),
    judge: (wantedFiles, files) => judgeFiles(wantedFiles, files, known),
    issue: (order) => onDisk(() => issue(order)),
    advance: async (to) => {
      const done = await onDisk(() => advance(to));
      return done.ok ? applied() : refused(done.error);
    },
  };
}

/** The seat's own certificates are looked at this often, also when nothing has changed: somebody may have removed them. */
const SEAT_LOOK_MS = 60_000;

const isRotating = ({ planes }: PKIState): boolean =>
  PLANES.some((plane) => planes[plane].trusted.length > 1);
