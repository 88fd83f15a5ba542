import { crash as crashed, settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { exitReason, hostNamed, stopped, withHost } from '../hosts.js';
import { CommandError, type Scene } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * Processes end and their data stays: killed, or for the reason that their log gives. `times` is how often in a row a
 * start has failed; `before-raft` that it certainly never voted.
 *
 *     crash b c
 *     crash b reason=port-taken times=3
 *     crash c reason=cannot-join before-raft
 *     crash d gateway reason=port-taken times=3   the gateway on d, not a member
 */
export const crash: Command = {
  usage: 'crash HOST… [before-raft|gateway] [reason=…] [times=…]',
  words: [1, 8],
  options: ['reason', 'times'],
  run: (scene, args) => {
    const beforeRaft = args.has('before-raft');
    const reason = exitReason(args.value('reason') ?? 'killed');
    const inARow = Number(args.value('times') ?? 0);
    if (!Number.isInteger(inARow)) throw new CommandError('times= is a whole number');
    const isGateway = args.has('gateway');
    const hosts = args.words.filter((word) => word !== 'before-raft' && word !== 'gateway');
    return {
      scene: hosts.reduce((next: Scene, name) => {
        const { host } = hostNamed(next, name);
        const process = stopped(next.world, name, { reason, inARow, beforeRaft });
        if (isGateway) {
          return withWorld(
            next,
            withHost(next.world, host, (was) => ({ ...was, gateway: process })),
          );
        }
        const down = crashed(next.world, host);
        return withWorld(next, settle(withHost(down, host, (was) => ({ ...was, process }))));
      }, scene),
    };
  },
};
