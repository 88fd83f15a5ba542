import type { Step } from '../planner/index.js';

/** The steps that are a change of the member list. */
export type MembershipStep = Extract<
  Step,
  { kind: 'add-learner' | 'promote-learner' | 'remove-member' | 'update-peer-urls' }
>;
