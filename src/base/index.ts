/**
 * base — the words every room shares: results, problems, outcomes, time, randomness, logs, ids.
 *
 * Contract: knows nothing of etcd's behaviour, performs no I/O except the two clocks and the console logger,
 * and imports nothing of this repository.
 */
export { type Brand, unsafeBrand } from './brand.js';
export { assert, assertNever, BugError } from './assert.js';
export { type Result, ok, err, isOk } from './result.js';
export {
  type Problem,
  type ProblemData,
  type ProblemText,
  type ProblemKind,
  type JsonValue,
  defineProblem,
  renderProblem,
} from './problem.js';
export { type Outcome, applied, refused, unknown } from './outcome.js';
export {
  type MemberID,
  type ClusterID,
  type Revision,
  type RaftTerm,
  type RaftIndex,
  memberIDOf,
  clusterIDOf,
  parseMemberID,
} from './ids.js';
export { type Clock, type Instant, systemClock, instantOf } from './clock.js';
export { type Random, seededRandom, systemRandom } from './random.js';
export { type Logger, type LogLevel, silentLogger, lineLogger } from './log.js';
export { parseDurationMs, formatDurationMs, formatGoDuration } from './durations.js';
export { parseSizeBytes, formatSizeBytes } from './sizes.js';
export { deadlineSignal, isAbort, withDeadline } from './deadline.js';
export { Slots } from './slots.js';
export { nearest } from './nearest.js';
