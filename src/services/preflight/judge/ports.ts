import type { ListenEnd } from '../connections.js';
import type { Listener } from '../facts.js';
import { ownProcesses } from '../handshakes.js';
import { type Listen, type PreflightWish, atPort } from '../hosts.js';
import type { HostSight } from '../sights.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** Whether the member could listen where it is to. */
export function judgePorts(wish: PreflightWish, sight: HostSight): readonly Verdict[] {
  const { host, listens } = sight;
  const says = judgeOf('port', host.host);
  if (listens.kind === 'unseen') {
    return [says.unseen(`Its ports were not tried, because ${listens.because}`)];
  }
  return host.listens.map((listen, at) => judgePort(wish, sight, listen, listens.value[at]));
}

function judgePort(
  { isBorn }: PreflightWish,
  sight: HostSight,
  { plane, address, port }: Listen,
  end: ListenEnd | undefined,
): Verdict {
  const says = judgeOf('port', sight.host.host);
  const at = `${atPort(address, port)} (${plane})`;
  switch (end?.kind) {
    case 'up':
      return says.ok(`${at} is free`);
    case 'left-alone':
      return says.ok(`${at} is the member's: left alone`);
    case 'taken': {
      const holder = holderOf(sight, address, port);
      if (ownProcesses(sight).some(({ pid }) => pid === holder?.pid)) {
        return says.ok(`${at} is the member's${isBorn ? '' : ', which runs already'}`);
      }
      const by = holder === undefined ? 'something that was not seen' : programText(holder);
      return says.problem(`${at} is taken by ${by}`, {
        hint:
          holder?.pid === undefined
            ? `Find it, and end it or give the member other URLs in the spec:\n  ss -ltnp 'sport = :${port}'`
            : `End it, or give the member other URLs in the spec. What it is:\n  ps -fp ${holder.pid}`,
      });
    }
    case 'not-its-own': {
      const { facts } = sight;
      const has =
        facts?.kind === 'seen' && facts.value.addresses.length > 0
          ? `It has ${facts.value.addresses.join(', ')}.`
          : '';
      return says.problem(`${address} is no address of this host: nothing can listen at ${at}`, {
        detail: has,
        hint: 'Name the host in the spec by an address that is its own, or give its URLs.',
      });
    }
    case 'no-listener':
      return says.unseen(
        `${at} was not tried, because the host has no systemd-socket-activate, perl or python3`,
      );
    case 'failed':
      return says.unseen(`${at} was not tried, because nothing could listen there`, {
        detail: end.words,
      });
    case undefined:
      return says.unseen(`${at} was not tried`);
  }
}

const EVERY = new Set(['0.0.0.0', '::']);

function holderOf({ facts }: HostSight, address: string, port: number): Listener | undefined {
  if (facts?.kind !== 'seen') return undefined;
  const atPortNow = facts.value.listeners.filter((each) => each.port === port);
  return (
    atPortNow.find((each) => each.address === address) ??
    atPortNow.find((each) => EVERY.has(each.address) || EVERY.has(address)) ??
    atPortNow[0]
  );
}

const programText = ({ program, pid }: Listener): string =>
  pid === undefined ? 'a process that was not seen' : `${program ?? 'a program'} (process ${pid})`;
