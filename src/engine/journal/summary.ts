import { assertNever, formatDurationMs } from '../../base/index.js';
import { type Step, sentenceOf } from '../../core/planner/index.js';
import type { JournalEntry } from '../ports/index.js';

/** The step in a few words, as it is told in the imperative: `add m4 as a learner`. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'start-member':
      return `start ${step.name} (${step.launch.purpose})`;
    case 'stop-member':
      return `stop ${step.name}`;
    case 'add-learner':
      return `add ${step.name} as a learner at ${step.peerURLs.join(',')}`;
    case 'promote-learner':
      return `promote ${nameOrID(step)}`;
    case 'move-leader':
      return `move the leader from ${step.fromName} to ${step.toName}`;
    case 'remove-member':
      return `remove ${nameOrID(step)}`;
    case 'update-peer-urls':
      return `change the peer URLs of ${nameOrID(step)} to ${step.peerURLs.join(',')}`;
    case 'set-aside-data':
      return `set aside the data of the former member ${step.proof.memberID} on ${step.host}`;
    case 'start-gateway':
      return `start the gateway ${step.name} at ${step.launch.listen.join(',')}`;
    case 'stop-gateway':
      return `stop the gateway ${step.name}`;
    case 'update-consumer':
      return `tell ${step.consumer} the endpoints ${step.endpoints.join(',')}`;
    case 'install-certificates':
      return `write certificates to ${step.host}${step.leafs.length === 0 ? ' (trust alone)' : ''}`;
    case 'advance-rotation':
      return step.to === 'issue-new'
        ? 'issue certificates of the new authority'
        : 'forget the old authority';
    case 'record-birth':
      return `record that cluster ${step.clusterID} is born`;
    default:
      return assertNever(step);
  }
}

const nameOrID = (step: { readonly name: string; readonly member: string }): string =>
  step.name === '' ? step.member : `${step.name} (${step.member})`;

/** One line for people, without the time. */
export function summariseEntry(entry: JournalEntry): string {
  switch (entry.kind) {
    case 'controller-started':
      return `controller ${entry.pid} started: ${entry.purpose}`;
    case 'controller-ended':
      return `controller ${entry.pid} ended: ${entry.because}`;
    case 'decided': {
      const { before, after } = entry.margin;
      return `${describeStep(entry.step)}, because ${sentenceOf(entry.because)}; margin ${before} → ${after}`;
    }
    case 'outcome':
      return `${entry.step}: ${entry.outcome} after ${formatDurationMs(entry.tookMs)}${told(entry.problem?.summary)}`;
    case 'plan':
      return `${entry.plan}: ${entry.because}${told(entry.problem?.summary)}`;
    case 'wish':
      return `wish ${entry.generation} by ${entry.by}`;
    default:
      return assertNever(entry);
  }
}

const told = (summary: string | undefined): string => (summary === undefined ? '' : `; ${summary}`);
