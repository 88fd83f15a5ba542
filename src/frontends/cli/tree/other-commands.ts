import type { Command } from 'commander';
import { OFFLINE, OFFLINE_HELP, type Tools, common } from './tools.js';

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
