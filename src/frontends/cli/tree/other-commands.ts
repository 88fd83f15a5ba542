import { type Command, Option } from 'commander';
import { OFFLINE, OFFLINE_HELP, type Tools, common, repeated } from './tools.js';

/** What is about neither a cluster nor a spec. */
export function addOtherCommands(program: Command, { act }: Tools): void {
  common(program.command('flags <member>'))
    .summary('exactly what a person would run')
    .description(
      "The flags of the member's next start, as a command line, as variables, or as a unit.",
    )
    .option('--as <form>', 'flags, env or unit', 'flags')
    .action(
      act(async (args) => {
        const { flags } = await import('../commands/flags.js');
        return (context) => flags(context, args.text(0), args.options());
      }),
    );

  common(program.command('gateway'))
    .summary('one address in front of the members')
    .description(
      'Passes TCP connections on to members that are well, in the foreground until Ctrl-C. TLS passes through as it is; certificates given here are for asking members how they are. SIGHUP reads certificates, SRV records and the member list again.',
    )
    .addOption(
      new Option('--listen <address>', 'HOST:PORT or unix:PATH; may be repeated')
        .default([], '127.0.0.1:23790')
        .argParser(repeated),
    )
    .option('--endpoints <urls>', "members' client URLs, separated by commas")
    .option('--follow', 'with --endpoints: go where the member list says')
    .option('--discovery-srv <domain>', 'members from the SRV records of a domain')
    .option('--metrics <address>', 'HOST:PORT for /metrics and /health')
    .option('--cacert <file>', 'the authority of the members, for probing')
    .option('--cert <file>', 'a client certificate, for probing')
    .option('--key <file>', 'its key')
    .addOption(
      new Option('--data-dir <directory>', 'by which whoever started it finds it again').hideHelp(),
    )
    .option('--drain <duration>', 'how long connections may finish what they do', '10s')
    .action(
      act(async (args) => {
        const { gateway } = await import('../commands/gateway.js');
        return (context) => gateway(context, args.options());
      }),
    );

  const versions = common(program.command('versions'))
    .summary('which etcd is at hand, and what could be had')
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { versions: handle } = await import('../commands/versions.js');
        return (context) => handle(context, args.options());
      }),
    );
  common(versions.command('fetch <version...>'))
    .summary('get versions of etcd into the cache')
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { fetchVersions } = await import('../commands/versions.js');
        return (context) => fetchVersions(context, args.texts(0), args.options());
      }),
    );

  program
    .command('completion <shell>')
    .summary('completion for bash, zsh or fish')
    .description('Prints a script for the shell. For bash: source <(quorate completion bash)')
    .action(
      act(async (args) => {
        const { completion } = await import('../commands/completion.js');
        return (context) => completion(context, args.text(0), program);
      }),
    );
}
