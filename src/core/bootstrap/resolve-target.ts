import { type MemberID, type Problem, type Result, err, ok } from '../../base/index.js';
import type { ClusterRecord, Target, TargetMember, TargetProxy } from '../cluster/index.js';
import type { ClusterSpec } from '../spec/index.js';
import { advertisedBy, finalFlags } from './final-flags.js';
import { noAddress } from './problems.js';

export interface TargetInput {
  readonly spec: ClusterSpec;
  readonly record: ClusterRecord;
  readonly state: Target['state'];
  readonly firstLife: Target['firstLife'];
  readonly retire: readonly MemberID[];
}

/**
 * The spec joined with the record: every member with its addresses and exact final flags. Version and token are the
 * record's, which holds the exact version that `spec.version` was resolved to. Every problem at once.
 */
export function resolveTarget(input: TargetInput): Result<Target, readonly Problem[]> {
  const { spec, record, state, firstLife, retire } = input;
  const members: TargetMember[] = [];
  const problems: Problem[] = [];
  for (const member of spec.members) {
    const { name, host } = member;
    const addresses = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
    if (addresses === undefined) {
      problems.push(noAddress({ cluster: spec.name, member: name, host }));
      continue;
    }
    const flags = finalFlags({ member, addresses, etcd: spec.etcd, version: record.version });
    if (!flags.ok) {
      // The flags of the spec are the same for every member: told once.
      if (!problems.some((problem) => flags.error.some((own) => isSame(own, problem)))) {
        problems.push(...flags.error);
      }
      continue;
    }
    const byHand = member.start === 'by-hand';
    members.push({ name, host, byHand, ...advertisedBy(member, addresses), flags: flags.value });
  }
  const proxies: TargetProxy[] = [];
  for (const { name, host } of spec.proxies) {
    const addresses = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
    if (addresses === undefined)
      problems.push(noAddress({ cluster: spec.name, member: name, host }));
    else
      proxies.push({
        name,
        host,
        clientURLs: addresses.clientURLs,
        listenClientURLs: addresses.listenClientURLs,
      });
  }
  if (problems.length > 0) return err(problems);
  const { token, version } = record;
  return ok({ name: spec.name, token, version, members, proxies, state, firstLife, retire });
}

const isSame = (a: Problem, b: Problem): boolean => a.code === b.code && a.summary === b.summary;
