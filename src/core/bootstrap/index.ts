/**
 * core/bootstrap — spec and record in, exact etcd flags out, per version.
 *
 * Contract: pure. Knows every flag of every supported minor (name, type, default) and which must not be given.
 * Never contacts anything.
 */
export {
  type BirthMember,
  birthFlags,
  firstToStart,
  joinFlags,
  restartFlags,
  withFastTimings,
} from './launch.js';
