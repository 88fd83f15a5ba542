import type { Command } from 'commander';
import {
  OFFLINE,
  OFFLINE_HELP,
  SKIP_HOSTS_CHECK,
  SKIP_HOSTS_CHECK_HELP,
  SPEC_FILE,
  type Tools,
  YES,
  YES_HELP,
  common,
  ofCluster,
  waits,
} from './tools.js';

/** Clusters of this machine as a whole. */
export function addClusterCommands(program: Command, { act }: Tools): void {
  const up = common(program.command('up [cluster]'))
    .summary('a cluster on this machine that takes writes')
    .description(
      'Starts a cluster on this machine and returns at the first write that is acknowledged. A supervisor stays behind and keeps it. What exists already is brought up again with the same data.',
    )
    .option('--name <name>', 'its name, when it is not given first')
    .option('--size <members>', 'how many members')
    .option('--version <version>', 'which etcd: a minor such as 3.6, or an exact version')
    .option(SPEC_FILE, 'a spec file instead of the options')
    .option(YES, YES_HELP)
    .option(OFFLINE, OFFLINE_HELP)
    .option(SKIP_HOSTS_CHECK, SKIP_HOSTS_CHECK_HELP);
  waits(up, '2m').action(
    act(async (args) => {
      const { up: handle } = await import('../commands/up.js');
      const options = args.options<Parameters<typeof handle>[2] & { readonly name?: string }>();
      return (context) => handle(context, args.optionalText(0) ?? options.name, options);
    }),
  );

  waits(ofCluster(program.command('down [cluster]')))
    .summary('stop a cluster and keep its data')
    .description('Stops every member, followers first, and whoever keeps them. All data stays.')
    .action(
      act(async (args) => {
        const { down } = await import('../commands/down.js');
        return (context) => down(context, args.optionalText(0), args.options());
      }),
    );

  waits(ofCluster(program.command('destroy [cluster]')))
    .summary('stop a cluster and move its data away')
    .description(
      'Takes the cluster down and moves its state aside, after its name was typed or given with --yes. Nothing is deleted unless --delete-data says so.',
    )
    .option(YES, YES_HELP)
    .option('--delete-data', 'delete the data instead of moving it aside')
    .action(
      act(async (args) => {
        const { destroy } = await import('../commands/destroy.js');
        return (context) => destroy(context, args.optionalText(0), args.options());
      }),
    );

  ofCluster(program.command('status [cluster]'))
    .summary('one look: state, margin, leader, lag, versions, size')
    .description('One look at a cluster. Needs no lock and works while nobody keeps the cluster.')
    .option('-w, --watch', 'look again every second')
    .action(
      act(async (args) => {
        const { status } = await import('../commands/status.js');
        return (context) => status(context, args.optionalText(0), args.options());
      }),
    );

  for (const [name, paused, summary] of [
    ['pause', true, 'observe and plan, take no step'],
    ['resume', false, 'take steps again'],
  ] as const) {
    ofCluster(program.command(`${name} [cluster]`))
      .summary(summary)
      .action(
        act(async (args) => {
          const { setPaused } = await import('../commands/pause.js');
          return (context) => setPaused(context, args.optionalText(0), paused);
        }),
      );
  }

  common(program.command('boot'))
    .summary('keep every cluster again that should be up')
    .description(
      'Starts the supervisor of every cluster that should be up: what a machine calls when it starts. With --hook it prints how to make the machine do so.',
    )
    .option('--hook <kind>', 'print a systemd unit or a crontab line (systemd, cron)')
    .action(
      act(async (args) => {
        const { boot } = await import('../commands/boot.js');
        return (context) => boot(context, args.options());
      }),
    );
}
