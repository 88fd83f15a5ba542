import type { Command } from 'commander';
import {
  OFFLINE,
  OFFLINE_HELP,
  TAKE_OVER,
  TAKE_OVER_HELP,
  SKIP_HOSTS_CHECK,
  SKIP_HOSTS_CHECK_HELP,
  SPEC_FILE,
  type Tools,
  YES,
  YES_HELP,
  common,
  waits,
} from './tools.js';

/** A spec file: scaffold, preview, carry out, keep true, explain. */
export function addSpecCommands(program: Command, { act }: Tools): void {
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
        const { init } = await import('../commands/init.js');
        return (context) => init(context, args.optionalText(0), args.options());
      }),
    );

  common(program.command('plan [cluster]'))
    .summary('what would be done, step by step')
    .description(
      'Shows every step with its reason and its margin, and touches nothing. Exit code 0: converged, 3: there are changes to make, 4: blocked.',
    )
    .option(SPEC_FILE, 'plan for this spec file')
    .option(SKIP_HOSTS_CHECK, SKIP_HOSTS_CHECK_HELP)
    .action(
      act(async (args) => {
        const { plan } = await import('../commands/plan.js');
        return (context) => plan(context, args.optionalText(0), args.options());
      }),
    );

  waits(common(program.command('apply [cluster]')))
    .summary('make the cluster what the spec says')
    .description('Shows the plan, carries it out one safe step at a time, and waits for its end.')
    .option(SPEC_FILE, 'the spec file; without one, what was last asked is carried to its end')
    .option(YES, YES_HELP)
    .option(OFFLINE, OFFLINE_HELP)
    .option(SKIP_HOSTS_CHECK, SKIP_HOSTS_CHECK_HELP)
    .option(TAKE_OVER, TAKE_OVER_HELP)
    .action(
      act(async (args) => {
        const { apply } = await import('../commands/apply.js');
        return (context) => apply(context, args.optionalText(0), args.options());
      }),
    );

  common(program.command('run [cluster]'))
    .summary('keep a cluster true, in the foreground')
    .description('The controller in the foreground until Ctrl-C. Members go on without it.')
    .option(SPEC_FILE, 'accept this spec file first')
    .option(YES, YES_HELP)
    .option(OFFLINE, OFFLINE_HELP)
    .option(SKIP_HOSTS_CHECK, SKIP_HOSTS_CHECK_HELP)
    .option(TAKE_OVER, TAKE_OVER_HELP)
    .action(
      act(async (args) => {
        const { run } = await import('../commands/run.js');
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
        const { explain } = await import('../commands/explain.js');
        return (context) => explain(context, args.optionalText(0), args.options());
      }),
    );
}
