import type { Random } from '../../../src/base/index.js';
import {
  cutFromClients,
  cutFromPeers,
  go,
  heal,
  kill,
  stop,
  type Member,
  type Members,
} from '../real/members.js';

export const FAULTS = [
  'kill the leader',
  'kill a follower',
  'freeze the leader',
  'freeze a follower',
  'cut the leader from its peers only',
  'cut a follower from its peers only',
  'cut the leader from clients only',
  'cut a follower from clients only',
  'move the leader',
  'grow',
  'shrink by the leader',
  'grow again',
  'shrink by a follower',
] as const;
export type Fault = (typeof FAULTS)[number];

/** Whether it needs a network of our own. */
export const needsCut = (fault: Fault): boolean => fault.startsWith('cut ');

/** Long enough for an election, and for a member that is cut off to notice. */
const HELD_MS = 2_500;

/** Does it, keeps it up for a while, takes it back, and waits until all members are well. */
export async function inflict(
  fault: Fault,
  members: Members,
  random: Random,
  onMembers: (endpoints: readonly string[]) => void,
): Promise<void> {
  const leader = await members.leader();
  const followers = members.list.filter((member) => member !== leader);
  const follower = followers[Math.floor(random.next() * followers.length)] ?? leader;
  const held = () => new Promise((resolve) => setTimeout(resolve, HELD_MS));
  const cut = async (member: Member, from: (member: Member) => Promise<void>) => {
    await from(member);
    await held();
    await heal(member);
  };
  const shrink = async (member: Member) => {
    onMembers(members.endpoints.filter((url) => url !== member.clientURL));
    await members.remove(member);
    await held();
  };
  const grow = async () => {
    await members.grow();
    onMembers(members.endpoints);
  };
  switch (fault) {
    case 'kill the leader':
    case 'kill a follower': {
      const victim = fault === 'kill the leader' ? leader : follower;
      await kill(victim);
      await held();
      victim.restart();
      break;
    }
    case 'freeze the leader':
    case 'freeze a follower': {
      const victim = fault === 'freeze the leader' ? leader : follower;
      await stop(victim);
      await held();
      go(victim);
      break;
    }
    case 'cut the leader from its peers only':
      await cut(leader, cutFromPeers);
      break;
    case 'cut a follower from its peers only':
      await cut(follower, cutFromPeers);
      break;
    case 'cut the leader from clients only':
      await cut(leader, cutFromClients);
      break;
    case 'cut a follower from clients only':
      await cut(follower, cutFromClients);
      break;
    case 'move the leader':
      await members.moveLeader();
      break;
    case 'grow':
    case 'grow again':
      await grow();
      break;
    case 'shrink by the leader':
      await shrink(leader);
      break;
    case 'shrink by a follower':
      await shrink(follower);
      break;
  }
  await members.untilWell();
}
