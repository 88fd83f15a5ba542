import type { MutantName } from './planners.js';

/** What is known of one mutant. A guard or a rule without an entry does not compile. */
export type Verdict =
  /** A scenario, whose name says the rule, notices it: there it says `does`, which the planner does not. */
  | { readonly by: string; readonly does: string }
  /** Alone it is not noticed, because others prevent the same; with those taken out as well it is. */
  | {
      readonly coveredBy: readonly [MutantName, ...MutantName[]];
      readonly because: string;
      readonly by: string;
      readonly does: string;
    }
  /** Nothing here notices it. */
  | { readonly survives: string };

const VERDICTS = {
  removalKeepsMargin: {
    by: 'never-removes-a-healthy-voter-below-margin-one',
    does: 'step      remove-member b',
  },
  promotionKeepsMargin: { by: 'counts-the-newcomer-as-down', does: 'step      promote-learner d' },
  stopKeepsQuorum: {
    by: 'the-sick-are-not-restarted-when-they-may-be-the-quorum',
    does: 'step      stop-member b',
  },
  noLearnerYet: {
    coveredBy: ['finishLearner'],
    because: 'a learner in the list is the business of finishLearner, which comes before additions',
    by: 'never-two-learners',
    does: 'step      add-learner e',
  },
  changeIsResolved: { by: 'waits-after-an-unknown-outcome', does: 'step      add-learner d' },
  listIsLinearizable: {
    by: 'no-membership-change-without-a-list-through-quorum',
    does: 'step      remove-member e',
  },
  isUnborn: { by: 'all-data-gone-is-no-birth', does: 'initial-cluster-state=new' },
  allHostsSeen: {
    by: 'a-birth-waits-until-every-host-was-seen',
    does: 'initial-cluster-state=new',
  },
  mayIssueNew: {
    by: 'never-tells-a-host-new-twice-while-others-hold-data',
    does: 'start-member c (birth)',
  },
  dataIsOurs: { by: 'foreign-data-is-told-and-left-alone', does: 'step      set-aside-data b' },
  isAtHome: { by: 'never-starts-a-copy-of-a-members-data', does: 'step      start-member c' },
  isNotLeader: {
    by: 'moves-leadership-before-removing-the-leader',
    does: 'rule 7: the leader, e, is removed before it handed over',
  },
  votersHealthy: { by: 'nothing-is-added-while-a-voter-is-down', does: 'step      add-learner f' },
  connectedLongEnough: {
    by: 'waits-five-seconds-before-it-adds-to-a-young-cluster',
    does: 'step      add-learner d',
  },
  learnerInSync: {
    by: 'a-learner-that-is-behind-is-not-promoted',
    does: 'step      promote-learner d',
  },
  caughtUp: {
    by: 'a-restarted-voter-catches-up-before-the-next-is-stopped',
    does: 'step      stop-member b',
  },
  consumerForgotIt: {
    by: 'never-removes-a-live-member-that-a-consumer-may-name',
    does: 'remove-member d                not-in-spec              1 -> 1',
  },
  consumerKeepsAnEndpoint: {
    by: 'never-takes-the-last-endpoint-from-a-consumer',
    does: 'step      update-peer-urls a',
  },
  isVoter: {
    coveredBy: ['finishLearner'],
    because: 'a learner in the list is the business of finishLearner, which comes before addresses',
    by: 'addresses-of-a-learner-that-a-person-runs-wait-too',
    does: 'step      update-peer-urls d',
  },

  hasCertificates: {
    by: 'a-member-is-not-started-without-its-certificates',
    does: 'no end after 400 turns',
  },
  newAuthorityTrusted: {
    by: 'a-new-authority-issues-only-where-everybody-trusts-it',
    does: 'advance-rotation issue-new     new-authority-trusted    1 -> 1',
  },
  oldAuthorityUnused: {
    coveredBy: ['renewCertificates'],
    because: 'a leaf of another authority than the one that issues is renewed before a phase ends',
    by: 'a-new-authority-follows-the-old-in-three-phases',
    does: 'hold (22 steps landed)',
  },
  consumersFollow: {
    by: 'a-new-authority-waits-for-a-consumer-that-read-its-file-before',
    does: 'advance-rotation issue-new     new-authority-trusted    1 -> 1',
  },

  stopWhenAskedDown: {
    by: 'down-is-obeyed-even-when-quorum-is-lost',
    does: 'blocked   quorum-lost',
  },
  refuseOtherClusters: { by: 'two-cluster-ids-is-blocked', does: 'step      start-member c' },
  bear: {
    by: 'born-one-after-the-other-and-then-recorded',
    does: 'step      add-learner a',
  },
  startStoppedMembers: {
    by: 'a-quorum-that-is-only-stopped-comes-back',
    does: 'blocked   member-killed',
  },
  sayQuorumLost: { by: 'says-quorum-lost-and-stops', does: 'step      remove-member b' },
  waitForUnresolvedChange: {
    by: 'a-new-controller-begins-with-the-quiet-period',
    does: 'step      add-learner d',
  },
  putAsideStaleData: { by: 'data-is-moved-aside-only-on-proof', does: 'converged' },
  removeLostVoter: {
    by: 'replaces-a-voter-that-lost-its-data',
    does: 'wait      member-healthy',
  },
  finishLearner: { by: 'a-learner-that-nobody-wants-is-removed', does: 'hold (0 steps landed)' },
  rollOutToTheSick: {
    by: 'the-sick-are-restarted-before-the-well',
    does: 'blocked   member-unhealthy',
  },
  waitUntilHealthy: {
    by: 'an-unhealthy-voter-is-told-after-a-minute',
    does: 'wait      etcd-health-interval',
  },
  refuseUnusableHosts: { by: 'a-stranger-that-is-a-learner-is-told', does: 'converged' },
  updatePeerURLs: {
    by: 'addresses-of-a-learner-that-a-person-runs-wait-too',
    does: 'hold (2 steps landed)',
  },
  rollOutChanges: {
    by: 'followers-before-the-leader-in-a-rolling-restart',
    does: 'hold (0 steps landed)',
  },
  addMissingMember: { by: 'grows-from-three-to-five', does: 'hold (0 steps landed)' },
  leaveOutExtraMember: { by: 'shrinks-from-five-to-three', does: 'hold (0 steps landed)' },
  runGateways: {
    by: 'a-gateway-runs-although-a-voter-is-down',
    does: 'hold (0 steps landed)',
  },
  rescueConsumers: {
    by: 'a-consumer-that-lost-every-endpoint-is-told-at-once',
    does: 'blocked   member-port-taken',
  },
  tellConsumers: {
    by: 'consumers-learn-and-forget-before-a-member-goes',
    does: 'blocked   consumer-still-lists',
  },
  tellConsumerTrouble: { by: 'a-consumer-that-is-not-well-is-told-last', does: 'converged' },
  mendCertificates: {
    by: 'an-expired-certificate-is-mended-first',
    does: 'blocked   member-unhealthy',
  },
  renewCertificates: {
    by: 'certificates-are-renewed-when-two-thirds-of-their-life-are-over',
    does: 'hold (0 steps landed)',
  },
  followAuthorities: {
    by: 'a-new-authority-follows-the-old-in-three-phases',
    does: 'hold (10 steps landed)',
  },
  tellGatewayTrouble: { by: 'a-gateway-that-cannot-run-is-told-last', does: 'converged' },
  tellUnseenHosts: {
    by: 'a-host-out-of-sight-is-told-although-its-member-answers',
    does: 'converged',
  },
} as const satisfies Record<MutantName, Verdict>;

export const verdictOf = (mutant: MutantName): Verdict => VERDICTS[mutant];
