import type { Command } from 'commander';
import { OFFLINE, OFFLINE_HELP, type Tools, common, waits } from './tools.js';

/** Where members that do not know each other yet meet. */
export function addDiscoveryCommands(program: Command, { act }: Tools): void {
  const discovery = common(program.command('discovery'))
    .summary('serve etcd discovery; make tokens, and see who registered')
    .description(
      'A discovery service of your own: the v2 protocol by URL, the v3 protocol by token.',
    )
    .enablePositionalOptions();
  const stored = (command: Command): Command =>
    common(command)
      .option('--endpoints <urls>', 'the etcd that keeps tokens, by its client URLs')
      .option('--cacert <file>', 'its authority')
      .option('--cert <file>', 'a client certificate for it')
      .option('--key <file>', 'its key');

  waits(stored(discovery.command('serve')))
    .summary('a discovery service in the foreground')
    .description(
      "Serves etcd's v2 discovery protocol until Ctrl-C: /new?size=N, and any path below /v2/keys. Tokens live in an etcd of one member that is brought up here and stays, or in the one named by --endpoints; then any number of services may run. Plain text only on loopback, unless --insecure is said.",
    )
    .option('--listen <address>', 'HOST:PORT', '127.0.0.1:8087')
    .option('--advertise <url>', 'the URL by which members reach it, when not as it listens')
    .option('--tls-cert <file>', 'serve HTTPS with this certificate')
    .option('--tls-key <file>', 'its key')
    .option('--insecure', 'plain text also where others can read it')
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { discoveryServe } = await import('../commands/discovery-serve.js');
        return (context) => discoveryServe(context, args.options());
      }),
    );

  stored(discovery.command('new'))
    .summary('a token, and the flags for each etcd')
    .description(
      'Makes a token for a cluster that is to be born, once, and prints its URL and exactly what every member is started with.',
    )
    .option('--size <members>', 'how many members', '3')
    .option('--protocol <protocol>', 'v2, v3 or both (default: what can be had)')
    .option('--service <url>', 'the service that makes it, or whose URL the members get')
    .option('--ttl <duration>', 'it expires after this long (default: never)')
    .action(
      act(async (args) => {
        const { discoveryNew } = await import('../commands/discovery-new.js');
        return (context) => discoveryNew(context, args.options());
      }),
    );

  stored(discovery.command('show <token>'))
    .summary('who registered, who is missing, what is wrong')
    .description('Looks at a token, named or by its URL, and asks the members where they are.')
    .option('--service <url>', 'the service that has it')
    .option('-w, --watch', 'look again every second')
    .action(
      act(async (args) => {
        const { discoveryShow } = await import('../commands/discovery-show.js');
        return (context) => discoveryShow(context, args.text(0), args.options());
      }),
    );
}
