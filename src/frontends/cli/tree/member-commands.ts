import { type Command, Option } from 'commander';
import { MEMBER_LIST_FORMATS } from '../views/member-list.js';
import {
  SKIP_HOSTS_CHECK,
  SKIP_HOSTS_CHECK_HELP,
  type Tools,
  common,
  ofCluster,
  waits,
} from './tools.js';

/** The members of one cluster. */
export function addMemberCommands(program: Command, { act }: Tools): void {
  const member = common(program.command('member'))
    .summary('list, add, update, remove, replace, promote; move the leader')
    .description(
      'Members are named by name or by id. Every change is planned and shows its margin.',
    )
    .enablePositionalOptions();
  const at = (command: Command): Command =>
    ofCluster(command).option(
      '--endpoints <urls>',
      'ask a cluster that Quorate does not keep, straight at its client URLs',
    );

  at(member.command('list'))
    .summary('the membership as the cluster tells it')
    .description(`Formats (-o): ${MEMBER_LIST_FORMATS.join(', ')}. The last four are etcdctl's.`)
    .action(
      act(async (args) => {
        const { memberList } = await import('../commands/member-list.js');
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
    .addOption(new Option('--learner', 'register a learner, as is done anyway').hideHelp())
    .option('--start-by-hand', 'a person starts it (only with --peer-urls)')
    .option(SKIP_HOSTS_CHECK, SKIP_HOSTS_CHECK_HELP)
    .action(
      act(async (args) => {
        const { memberAdd } = await import('../commands/member-add.js');
        return (context) => memberAdd(context, args.text(0), args.options());
      }),
    );

  waits(at(member.command('remove <member>')))
    .summary('take a member out; a leader hands over first')
    .option('--as-proxy', 'its host stays: a gateway takes the place of the member')
    .action(
      act(async (args) => {
        const { memberRemove } = await import('../commands/member-change.js');
        return (context) => memberRemove(context, args.text(0), args.options());
      }),
    );

  waits(at(member.command('update <member>')))
    .summary('other peer URLs, or another name')
    .option('--peer-urls <urls>', 'its new peer URLs, separated by commas')
    .option('--name <name>', 'its new name')
    .action(
      act(async (args) => {
        const { memberUpdate } = await import('../commands/member-change.js');
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
    .option(SKIP_HOSTS_CHECK, SKIP_HOSTS_CHECK_HELP)
    .action(
      act(async (args) => {
        const { memberReplace } = await import('../commands/member-change.js');
        return (context) => memberReplace(context, args.text(0), args.options());
      }),
    );

  at(member.command('promote <member>'))
    .summary('make a learner a voter now')
    .action(
      act(async (args) => {
        const { memberPromote } = await import('../commands/member-lead.js');
        return (context) => memberPromote(context, args.text(0), args.options());
      }),
    );

  at(member.command('move-leader [member]'))
    .summary('hand the lead to a member, or to any other healthy voter')
    .action(
      act(async (args) => {
        const { memberMoveLeader } = await import('../commands/member-lead.js');
        return (context) => memberMoveLeader(context, args.optionalText(0), args.options());
      }),
    );
}
