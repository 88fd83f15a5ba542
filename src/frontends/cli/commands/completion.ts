import type { Command } from 'commander';
import { nearest } from '../../../base/index.js';
import { SHELLS, type TreeNode, scriptFor } from '../completion.js';
import { type Context, fail } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { badValue } from '../problems.js';

/** Prints a completion script that is made from the tree of commands, so that the two never differ. */
export async function completion(
  context: Context,
  shell: string,
  program: Command,
): Promise<ExitCode> {
  const known = SHELLS.find((each) => each === shell);
  if (known === undefined) {
    const near = nearest(shell, SHELLS) ?? '';
    const allowed = SHELLS.join(', ');
    return fail(
      context,
      badValue({ what: 'The shell', found: shell, allowed, nearest: near }),
      EXIT.usage,
    );
  }
  context.io.out(scriptFor(known, treeOf(program)));
  return EXIT.done;
}

function treeOf(command: Command): TreeNode {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary: command.summary() || command.description(),
    options: help
      .visibleOptions(command)
      .flatMap(({ long, short, description }) =>
        [long, short].flatMap((flag) =>
          flag === undefined || flag === null ? [] : [{ flag, summary: description }],
        ),
      ),
    children: help.visibleCommands(command).map(treeOf),
  };
}
