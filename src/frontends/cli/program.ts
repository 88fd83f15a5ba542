import { Command } from 'commander';
import type { CommonOptions } from './context.js';
import type { CliIO } from './io.js';
import { addAdoptCommand } from './tree/adopt-command.js';
import { addCertificateCommands } from './tree/certificate-commands.js';
import { addClusterCommands } from './tree/cluster-commands.js';
import { addDNSCommands } from './tree/dns-commands.js';
import { addDiscoveryCommands } from './tree/discovery-commands.js';
import { addHostsCommands } from './tree/hosts-commands.js';
import { addJoinCommand } from './tree/join-command.js';
import { addMemberCommands } from './tree/member-commands.js';
import { addOtherCommands } from './tree/other-commands.js';
import { addSpecCommands } from './tree/spec-commands.js';
import { Arguments, type Handler, type Tools, common } from './tree/tools.js';

/** Gets every command that was chosen. */
export type Dispatch = (
  handler: Handler,
  options: CommonOptions,
  extraFormats: readonly string[],
) => Promise<void>;

/**
 * The tree of commands. Each handler is imported only when it is chosen, so that `quorate up` loads no more than it
 * needs.
 */
export function buildProgram(version: string, io: CliIO, dispatch: Dispatch): Command {
  const program = new Command('quorate')
    .description('Deploys, changes, heals and explains real etcd clusters.')
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      // Errors are told as problems, in the format that was asked for (run.ts).
      outputError: () => undefined,
      getOutHelpWidth: () => io.columns ?? 100,
      getErrHelpWidth: () => io.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .version(version, '-V, --version', 'print the version of Quorate')
    .helpCommand('help [command]', 'show how a command is used')
    .addHelpText('after', EXIT_CODES);
  common(program);

  const act =
    (load: (args: Arguments) => Promise<Handler>, extraFormats: readonly string[] = []) =>
    async (...parsed: readonly unknown[]): Promise<void> => {
      const command = parsed.at(-1) as Command;
      const args = new Arguments(parsed.slice(0, -2), command.opts());
      await dispatch(await load(args), commonOf(command), extraFormats);
    };
  const tools: Tools = { act };
  addClusterCommands(program, tools);
  addSpecCommands(program, tools);
  addAdoptCommand(program, tools);
  addMemberCommands(program, tools);
  addCertificateCommands(program, tools);
  addDNSCommands(program, tools);
  addDiscoveryCommands(program, tools);
  addHostsCommands(program, tools);
  addJoinCommand(program, tools);
  addOtherCommands(program, tools);
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done or converged, 1 failed, 2 usage or spec, 3 changes to make (plan), 4 blocked, 5 waited too long.`;

function commonOf(command: Command): CommonOptions {
  const options = command.optsWithGlobals();
  const { output, cluster, quiet, file } = options as {
    readonly output?: string;
    readonly cluster?: string;
    readonly quiet?: boolean;
    readonly file?: string;
  };
  return {
    output: output ?? 'text',
    quiet: quiet === true,
    colour: colourAllowed(command),
    cluster,
    specFile: file,
  };
}

/** `--no-color` anywhere on the line counts; each command has its own default of `true`. */
function colourAllowed(command: Command): boolean {
  for (let each: Command | null = command; each !== null; each = each.parent) {
    if (each.opts()['color'] === false) return false;
  }
  return true;
}
