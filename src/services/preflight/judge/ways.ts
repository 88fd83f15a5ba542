import { formatDurationMs } from '../../../base/index.js';
import { ownProcesses } from '../handshakes.js';
import { type PreflightWish, atPort } from '../hosts.js';
import type { HostSight, WaySight } from '../sights.js';
import { SEAT, type Verdict, judgeOf } from '../verdict.js';

/** Every way from one host to a port of another: whether it is open, and if not, what stands in it. */
export function judgeWays(
  wish: PreflightWish,
  hosts: readonly HostSight[],
  ways: readonly WaySight[],
): readonly Verdict[] {
  return ways.map((way) => {
    const target = hosts.find(({ host }) => host === way.to);
    const beside = ways.filter(
      (other) => other.from === way.from && other.to === way.to && other !== way,
    );
    return judgeWay(wish, way, target, beside);
  });
}

function judgeWay(
  { heartbeatMs }: PreflightWish,
  way: WaySight,
  target: HostSight | undefined,
  beside: readonly WaySight[],
): Verdict {
  const { from, to, dialled, listen, end: seen } = way;
  const says = judgeOf('reach', from, to.host);
  const at = `${atPort(dialled.name, dialled.port)} (${dialled.plane})`;
  if (seen.kind === 'unseen') return says.unseen(`${at} was not tried, because ${seen.because}`);
  const end = seen.value;
  const isOpenBeside = beside.some(answers);
  const isUp = listen?.kind === 'up';
  switch (end.kind) {
    case 'connected': {
      if (isUp && end.word !== way.word) {
        return says.problem(
          `${at} leads to somebody else: it did not answer as our listener there`,
          {
            detail:
              end.word === '' ? 'It took the connection and said nothing.' : `It said: ${end.word}`,
            hint: 'Is the address used twice, or is there a proxy or an address translation between?',
          },
        );
      }
      const took = end.tookMs === undefined ? '' : ` in ${formatMs(end.tookMs)}`;
      if (end.tookMs !== undefined && end.tookMs > heartbeatMs && from !== SEAT) {
        return says.warning(`${at} takes ${formatMs(end.tookMs)}, longer than a heartbeat`, {
          hint: `Set a heartbeat of about the round trip, and an election of ten times that:\n  etcd: { heartbeat-interval: ${Math.ceil(end.tookMs / 50) * 50}ms, election-timeout: ${Math.ceil(end.tookMs / 50) * 500}ms }`,
        });
      }
      const who = isUp ? 'open' : 'open, somebody listens there';
      return says.ok(`${at} is ${who}${took}`);
    }
    case 'refused':
      if (isUp) {
        return says.problem(`${at} is refused, although we listen there`, {
          hint: `A firewall between them refuses it, or the address is another machine's. ${openHint(way, target)}`,
        });
      }
      if (target !== undefined && ownProcesses(target).length > 0) {
        return says.problem(`${at} is refused, although the member runs there`, {
          hint: `Does it listen at that address? ${openHint(way, target)}`,
        });
      }
      return says.unseen(`${at}: the host answers, but nothing listens there to connect to`, {
        detail: whyNotUp(way, target),
      });
    case 'silent': {
      const half = isOpenBeside ? 'The host answers at its other port: a' : 'A';
      return says.problem(`${at} does not answer: packets vanish on the way`, {
        hint: `${half} firewall drops it${isOpenBeside ? '' : ', or the host is off or not where its address leads'}. ${openHint(way, target)}`,
      });
    }
    case 'no-route':
      return isOpenBeside
        ? says.problem(`${at} is rejected by a firewall: the host answers at its other port`, {
            hint: openHint(way, target),
          })
        : says.problem(`There is no route to ${at}`, {
            hint: `The host is off, its address is wrong, or a firewall rejects everything (firewalld does it this way). ${openHint(way, target)}`,
          });
    case 'name-unknown':
      return says.problem(`${dialled.name} is not known on ${from}`, {
        hint: `Make it known there, by DNS or in /etc/hosts.`,
      });
    case 'no-dialler':
      return says.unseen(`${at} was not tried, because ${from} has no bash, python3 or perl`);
    case 'failed':
      return says.unseen(`${at} was not tried, because the attempt failed`, { detail: end.words });
  }
}

const answers = ({ end }: WaySight): boolean =>
  end.kind === 'seen' && (end.value.kind === 'connected' || end.value.kind === 'refused');

/** How to open the port on the host that it belongs to, by the firewall that was seen there. */
function openHint({ dialled: { port } }: WaySight, target: HostSight | undefined): string {
  const { facts, host } = target ?? {};
  const active = facts?.kind === 'seen' ? facts.value.active : [];
  const on = host === undefined ? 'there' : `on ${host.host}`;
  if (active.includes('firewalld')) {
    return `Open it ${on}:\n  firewall-cmd --permanent --add-port=${port}/tcp && firewall-cmd --reload`;
  }
  if (active.includes('ufw')) return `Open it ${on}:\n  ufw allow ${port}/tcp`;
  return `See the rules ${on} and between:\n  nft list ruleset`;
}

function whyNotUp({ listen }: WaySight, target: HostSight | undefined): string {
  if (target?.login.kind === 'out')
    return 'We cannot log in there, so that we cannot listen either.';
  switch (listen?.kind) {
    case 'left-alone':
      return 'The host holds a member that does not run now; its ports were left alone.';
    case 'taken':
    case 'not-its-own':
      return 'See what was said about its ports.';
    case 'no-listener':
      return 'The host has nothing that could listen for us.';
    case 'failed':
      return listen.words;
    case 'up':
    case undefined:
      return 'We did not listen there in time.';
  }
}

const formatMs = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : formatDurationMs(ms));
