import { type Command, Option } from 'commander';
import { OFFLINE, OFFLINE_HELP, type Tools, common } from './tools.js';

/** One host, without a spec. */
export function addJoinCommand(program: Command, { act }: Tools): void {
  common(program.command('join'))
    .summary('this host becomes a member, or a gateway when the cluster is full')
    .description(
      'Runs etcd in the foreground until Ctrl-C. With a log in its data directory it starts from that, whatever else is said. Without one it meets the others by discovery while there is room; beyond the size it forwards on its client address, and becomes a member once somebody adds one with its peer URL (quorate member add NAME --peer-urls URL --endpoints URLS).',
    )
    .requiredOption('--name <name>', 'the name of the member')
    .option('--discovery <url>', 'where the members meet, by URL (etcd up to 3.6)')
    .option('--discovery-token <token>', 'where they meet, by token (etcd from 3.6 on)')
    .option('--discovery-endpoints <urls>', 'the etcd that keeps the token')
    .option('--listen-peer <url>', 'where other members reach it (default: a free loopback port)')
    .option('--listen-client <url>', 'where clients reach it (default: a free loopback port)')
    .option('--data-dir <directory>', 'where its data is (default: NAME.etcd)')
    .option('--version <version>', 'the version of etcd', '3.6')
    .addOption(
      new Option('--size-exceeded <what>', 'gateway or fail, when the cluster is full').default(
        'gateway',
      ),
    )
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { join } = await import('../commands/join.js');
        return (context) => join(context, args.options());
      }),
    );
}
