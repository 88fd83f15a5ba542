import { blind, hide } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * We do not reach these hosts any more, neither through the driver nor as a client. Their peers do.
 *
 *     hide b c
 *     hide c member-answers   only the driver does not reach it; its member answers as ever
 */
export const hideHosts: Command = {
  usage: 'hide HOST… [member-answers]',
  words: [1, 8],
  options: [],
  run: (scene, args) => {
    const fault = args.has('member-answers') ? blind : hide;
    const hosts = args.words.filter((word) => word !== 'member-answers');
    return { scene: withWorld(scene, onEach(scene, hosts, fault)) };
  },
};
