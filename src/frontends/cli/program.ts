import { Command, Option } from 'commander';
import type { CommonOptions, Context } from './context.js';
import type { ExitCode } from './exit-codes.js';
import type { CliIO } from './io.js';
import { MEMBER_LIST_FORMATS } from './views/member-list.js';

/** What a command does once its line was read. */
export type Handler = (context: Context) => Promise<ExitCode>;

/** Gets every command that was chosen. */
export type Dispatch = (
  handler: Handler,
  options: CommonOptions,
  extraFormats: readonly string[],
) => Promise<void>;

const TIMEOUT = '5m';

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
  addMemberCommands(program, tools);
  addOtherCommands(program, tools);
  return program;
}

const EXIT_CODES = `
Exit codes: 0 done or converged, 1 failed, 2 usage or spec, 3 changes to make (plan), 4 blocked, 5 waited too long.`;

interface Tools {
  readonly act: (
    load: (args: Arguments) => Promise<Handler>,
    extraFormats?: readonly string[],
  ) => (...parsed: readonly unknown[]) => Promise<void>;
}

/** What was typed, read by place and by name. Options keep the types that the tree gives them. */
class Arguments {
  readonly #values: readonly unknown[];
  readonly #options: Readonly<Record<string, unknown>>;

  constructor(values: readonly unknown[], options: Readonly<Record<string, unknown>>) {
    this.#values = values;
    this.#options = options;
  }

  /** An argument that the tree requires. */
  text(at: number): string {
    return String(this.#values[at]);
  }

  optionalText(at: number): string | undefined {
    const value = this.#values[at];
    return typeof value === 'string' ? value : undefined;
  }

  texts(at: number): readonly string[] {
    const value = this.#values[at];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** Every option of the command. The tree below is where their names and types are written down. */
  options<T extends object>(): T {
    return this.#options as T;
  }
}

/** Options that every command takes, before or after its name. */
function common(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'text, json or yaml'))
    .addOption(new Option('-c, --cluster <name>', 'the cluster meant (or QUORATE_CLUSTER)'))
    .addOption(new Option('-q, --quiet', 'no progress'))
    .addOption(new Option('--no-color', 'no colour (or NO_COLOR)'));
}

function commonOf(command: Command): CommonOptions {
  const options = command.optsWithGlobals();
  const { output, cluster, quiet } = options as {
    readonly output?: string;
    readonly cluster?: string;
    readonly quiet?: boolean;
  };
  return {
    output: output ?? 'text',
    quiet: quiet === true,
    colour: colourAllowed(command),
    cluster,
  };
}

/** `--no-color` anywhere on the line counts; each command has its own default of `true`. */
function colourAllowed(command: Command): boolean {
  for (let each: Command | null = command; each !== null; each = each.parent) {
    if (each.opts()['color'] === false) return false;
  }
  return true;
}

const waits = (command: Command, timeout = TIMEOUT): Command =>
  command.option('--timeout <duration>', 'how long to wait before giving up', timeout);

const SPEC_FILE = '-f, --file <file>';
const OFFLINE = '--offline';
const OFFLINE_HELP = 'use only the etcd that is at hand';
const YES = '--yes <name>';
const YES_HELP = "confirm what takes something away, by the cluster's name";

function addClusterCommands(program: Command, { act }: Tools): void {
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
    .option(OFFLINE, OFFLINE_HELP);
  waits(up, '2m').action(
    act(async (args) => {
      const { up: handle } = await import('./commands/up.js');
      const options = args.options<Parameters<typeof handle>[2] & { readonly name?: string }>();
      return (context) => handle(context, args.optionalText(0) ?? options.name, options);
    }),
  );

  waits(common(program.command('down [cluster]')))
    .summary('stop a cluster and keep its data')
    .description('Stops every member, followers first, and whoever keeps them. All data stays.')
    .action(
      act(async (args) => {
        const { down } = await import('./commands/down.js');
        return (context) => down(context, args.optionalText(0), args.options());
      }),
    );

  waits(common(program.command('destroy [cluster]')))
    .summary('stop a cluster and move its data away')
    .description(
      'Takes the cluster down and moves its state aside, after its name was typed or given with --yes. Nothing is deleted unless --delete-data says so.',
    )
    .option(YES, YES_HELP)
    .option('--delete-data', 'delete the data instead of moving it aside')
    .action(
      act(async (args) => {
        const { destroy } = await import('./commands/destroy.js');
        return (context) => destroy(context, args.optionalText(0), args.options());
      }),
    );

  common(program.command('status [cluster]'))
    .summary('one look: state, margin, leader, lag, versions, size')
    .description('One look at a cluster. Needs no lock and works while nobody keeps the cluster.')
    .option('-w, --watch', 'look again every second')
    .action(
      act(async (args) => {
        const { status } = await import('./commands/status.js');
        return (context) => status(context, args.optionalText(0), args.options());
      }),
    );

  for (const [name, paused, summary] of [
    ['pause', true, 'observe and plan, take no step'],
    ['resume', false, 'take steps again'],
  ] as const) {
    common(program.command(`${name} [cluster]`))
      .summary(summary)
      .action(
        act(async (args) => {
          const { setPaused } = await import('./commands/pause.js');
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
        const { boot } = await import('./commands/boot.js');
        return (context) => boot(context, args.options());
      }),
    );
}

function addSpecCommands(program: Command, { act }: Tools): void {
  common(program.command('init [file]'))
    .summary('write a spec file to begin with')
    .description('Writes a commented spec file (quorate.yaml); "-" prints it.')
    .option('--name <name>', "the cluster's name")
    .option('--size <members>', 'how many members')
    .option('--version <version>', 'which etcd')
    .option('--hosts <hosts>', 'hosts over SSH, one member each, separated by commas')
    .option('--force', 'replace the file if it exists')
    .action(
      act(async (args) => {
        const { init } = await import('./commands/init.js');
        return (context) => init(context, args.optionalText(0), args.options());
      }),
    );

  common(program.command('plan [cluster]'))
    .summary('what would be done, step by step')
    .description(
      'Shows every step with its reason and its margin, and touches nothing. Exit code 0: converged, 3: there are changes to make, 4: blocked.',
    )
    .option(SPEC_FILE, 'plan for this spec file')
    .action(
      act(async (args) => {
        const { plan } = await import('./commands/plan.js');
        return (context) => plan(context, args.optionalText(0), args.options());
      }),
    );

  waits(common(program.command('apply [cluster]')))
    .summary('make the cluster what the spec says')
    .description('Shows the plan, carries it out one safe step at a time, and waits for its end.')
    .option(SPEC_FILE, 'the spec file; without one, what was last asked is carried to its end')
    .option(YES, YES_HELP)
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { apply } = await import('./commands/apply.js');
        return (context) => apply(context, args.optionalText(0), args.options());
      }),
    );

  common(program.command('run [cluster]'))
    .summary('keep a cluster true, in the foreground')
    .description('The controller in the foreground until Ctrl-C. Members go on without it.')
    .option(SPEC_FILE, 'accept this spec file first')
    .option(YES, YES_HELP)
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { run } = await import('./commands/run.js');
        return (context) => run(context, args.optionalText(0), args.options());
      }),
    );

  common(program.command('explain [field]'))
    .summary('what a field of the spec means')
    .description(
      'Explains a field of the spec or a flag of etcd: spec.members.name, heartbeat-interval.',
    )
    .option('--version <version>', 'for a flag: the minor of etcd')
    .option('--schema', 'print the JSON Schema for editors')
    .action(
      act(async (args) => {
        const { explain } = await import('./commands/explain.js');
        return (context) => explain(context, args.optionalText(0), args.options());
      }),
    );
}

function addMemberCommands(program: Command, { act }: Tools): void {
  const member = common(program.command('member'))
    .summary('list, add, update, remove, replace, promote; move the leader')
    .description(
      'Members are named by name or by id. Every change is planned and shows its margin.',
    )
    .enablePositionalOptions();
  const at = (command: Command): Command =>
    common(command).option(
      '--endpoints <urls>',
      'ask a cluster that Quorate does not keep, straight at its client URLs',
    );

  at(member.command('list'))
    .summary('the membership as the cluster tells it')
    .description(`Formats (-o): ${MEMBER_LIST_FORMATS.join(', ')}. The last four are etcdctl's.`)
    .action(
      act(async (args) => {
        const { memberList } = await import('./commands/member-list.js');
        return (context) => memberList(context, args.options());
      }, MEMBER_LIST_FORMATS),
    );

  waits(at(member.command('add <name>')))
    .summary('a member more: registered first, started after, as a learner')
    .description(
      'Registers a learner, starts it and promotes it when it has caught up. With --peer-urls a person starts it, with the ETCD_ variables that are printed.',
    )
    .option('--peer-urls <urls>', 'where it will be reached; a person starts it')
    .option('--host <host>', 'the host it gets (default: one of its own name)')
    .option('--voter', 'register a voter at once (only with --peer-urls)')
    .option('--start-by-hand', 'a person starts it (only with --peer-urls)')
    .action(
      act(async (args) => {
        const { memberAdd } = await import('./commands/member-add.js');
        return (context) => memberAdd(context, args.text(0), args.options());
      }),
    );

  waits(at(member.command('remove <member>')))
    .summary('take a member out; a leader hands over first')
    .action(
      act(async (args) => {
        const { memberRemove } = await import('./commands/member-change.js');
        return (context) => memberRemove(context, args.text(0), args.options());
      }),
    );

  waits(at(member.command('update <member>')))
    .summary('other peer URLs, or another name')
    .option('--peer-urls <urls>', 'its new peer URLs, separated by commas')
    .option('--name <name>', 'its new name')
    .action(
      act(async (args) => {
        const { memberUpdate } = await import('./commands/member-change.js');
        return (context) => memberUpdate(context, args.text(0), args.options());
      }),
    );

  waits(at(member.command('replace <member>')))
    .summary('a new member in its place')
    .description(
      'With --with the newcomer joins before the old member goes. Without, the old one is removed first and its own host joins afresh.',
    )
    .option('--with <name>', 'the name of the newcomer')
    .option('--peer-urls <urls>', 'where the newcomer will be reached; a person starts it')
    .action(
      act(async (args) => {
        const { memberReplace } = await import('./commands/member-change.js');
        return (context) => memberReplace(context, args.text(0), args.options());
      }),
    );

  at(member.command('promote <member>'))
    .summary('make a learner a voter now')
    .action(
      act(async (args) => {
        const { memberPromote } = await import('./commands/member-lead.js');
        return (context) => memberPromote(context, args.text(0), args.options());
      }),
    );

  at(member.command('move-leader [member]'))
    .summary('hand the lead to a member, or to any other healthy voter')
    .action(
      act(async (args) => {
        const { memberMoveLeader } = await import('./commands/member-lead.js');
        return (context) => memberMoveLeader(context, args.optionalText(0), args.options());
      }),
    );
}

function addOtherCommands(program: Command, { act }: Tools): void {
  common(program.command('flags <member>'))
    .summary('exactly what a person would run')
    .description(
      "The flags of the member's next start, as a command line, as variables, or as a unit.",
    )
    .option('--as <form>', 'flags, env or unit', 'flags')
    .action(
      act(async (args) => {
        const { flags } = await import('./commands/flags.js');
        return (context) => flags(context, args.text(0), args.options());
      }),
    );

  const versions = common(program.command('versions'))
    .summary('which etcd is at hand, and what could be had')
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { versions: handle } = await import('./commands/versions.js');
        return (context) => handle(context, args.options());
      }),
    );
  common(versions.command('fetch <version...>'))
    .summary('get versions of etcd into the cache')
    .option(OFFLINE, OFFLINE_HELP)
    .action(
      act(async (args) => {
        const { fetchVersions } = await import('./commands/versions.js');
        return (context) => fetchVersions(context, args.texts(0), args.options());
      }),
    );

  program
    .command('completion <shell>')
    .summary('completion for bash, zsh or fish')
    .description('Prints a script for the shell. For bash: source <(quorate completion bash)')
    .action(
      act(async (args) => {
        const { completion } = await import('./commands/completion.js');
        return (context) => completion(context, args.text(0), program);
      }),
    );
}
