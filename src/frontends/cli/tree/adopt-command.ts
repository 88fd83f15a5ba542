import type { Command } from 'commander';
import { type Tools, common } from './tools.js';

/** A cluster that somebody else made. */
export function addAdoptCommand(program: Command, { act }: Tools): void {
  common(program.command('adopt'))
    .summary('keep a cluster that was made by hand')
    .description(
      'Reads a running cluster from its members and, over ssh, from its hosts (units, flags, environment, configuration, data), and writes a spec and the record under which there is nothing to do. etcd, its units and its data are not touched; ours takes over member by member, at the first change that restarts it. --cluster names it. Whatever a spec cannot say is a problem, all of them at once.',
    )
    .requiredOption('--endpoints <urls>', 'client URLs, separated by commas')
    .option('--hosts <hosts>', 'its hosts, as ssh reaches them; without, where peer URLs lead')
    .option('--out <file>', 'where the spec goes (quorate.yaml); "-" prints it')
    .option('--user <user>', 'who logs in: root, or somebody with sudo')
    .option('--port <port>', 'of ssh')
    .option('--identity-file <file>', 'of ssh')
    .option('--config <file>', 'of ssh, another than ~/.ssh/config')
    .option('--cacert <file>', 'whom this machine trusts, for https')
    .option('--cert <file>', 'what it shows')
    .option('--key <file>', 'its key')
    .action(
      act(async (args) => {
        const { adopt } = await import('../commands/adopt.js');
        return (context) => adopt(context, args.options());
      }),
    );
}
