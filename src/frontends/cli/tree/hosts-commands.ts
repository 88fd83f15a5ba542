import { type Command, Option } from 'commander';
import { SPEC_FILE, type Tools, common, repeated } from './tools.js';

/** The hosts that members run on. */
export function addHostsCommands(program: Command, { act }: Tools): void {
  const hosts = program
    .command('hosts')
    .summary('the hosts that members run on')
    .description('Looks at the hosts that members run on.');

  common(hosts.command('check [cluster]'))
    .summary('are the hosts fit for members?')
    .description(
      'Looks at every host (disk and its fdatasync latency, space, memory, clock, names, ports, systemd, tools, another etcd) and tries every way from each host, and from here, to the ports of the others. Changes nothing, leaves nothing. Exit code 1 when something is in the way of a member.',
    )
    .option(SPEC_FILE, 'the spec file; without one, a cluster that exists')
    .addOption(
      new Option('--host <host>', 'only this host and its ways; may be repeated')
        .default([], 'all')
        .argParser(repeated),
    )
    .action(
      act(async (args) => {
        const { hostsCheck } = await import('../commands/hosts-check.js');
        return (context) => hostsCheck(context, args.optionalText(0), args.options());
      }),
    );
}
