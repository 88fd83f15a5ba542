/** The tree of commands, as far as completion needs it. */
export interface TreeNode {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly flag: string; readonly summary: string }[];
  readonly children: readonly TreeNode[];
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function scriptFor(shell: Shell, tree: TreeNode): string {
  switch (shell) {
    case 'bash':
      return bashScript(tree);
    case 'zsh':
      return zshScript(tree);
    case 'fish':
      return fishScript(tree);
  }
}

interface Place {
  /** The words that lead here, without the program's own name: `member add`. */
  readonly path: string;
  readonly node: TreeNode;
}

/** Every command with the words that lead to it, parents first. */
const placesIn = (node: TreeNode, path = ''): readonly Place[] => [
  { path, node },
  ...node.children.flatMap((child) =>
    placesIn(child, path === '' ? child.name : `${path} ${child.name}`),
  ),
];

const wordsOf = ({ node }: Place): string =>
  [...node.children.map(({ name }) => name), ...node.options.map(({ flag }) => flag)].join(' ');

/** Words that are commands lead on; all others (options and their values) are passed over. */
function bashScript(tree: TreeNode): string {
  const cases = placesIn(tree).map(
    (place) => `    ${JSON.stringify(place.path)}) words=${JSON.stringify(wordsOf(place))} ;;\n`,
  );
  const paths = placesIn(tree)
    .filter(({ path }) => path !== '')
    .map(({ path }) => JSON.stringify(path));
  return `# bash completion for quorate. Use: source <(quorate completion bash)
_quorate() {
  local cur=\${COMP_WORDS[COMP_CWORD]} path="" word next words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in
      ${paths.join('|')}) path=$next ;;
    esac
  done
  case "$path" in
${cases.join('')}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _quorate quorate
`;
}

const zshQuoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const described = (word: string, summary: string): string =>
  zshQuoted(`${word}:${summary.replaceAll(':', '\\:')}`);

function zshScript(tree: TreeNode): string {
  const cases = placesIn(tree).map(({ path, node }) => {
    const entries = [
      ...node.children.map(({ name, summary }) => described(name, summary)),
      ...node.options.map(({ flag, summary }) => described(flag, summary)),
    ];
    return `    ${zshQuoted(path)}) offers=(${entries.join(' ')}) ;;\n`;
  });
  const paths = placesIn(tree)
    .filter(({ path }) => path !== '')
    .map(({ path }) => zshQuoted(path));
  return `#compdef quorate
# zsh completion for quorate. Use: source <(quorate completion zsh)
_quorate() {
  local at="" word next
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    next="\${at:+$at }$word"
    case "$next" in
      ${paths.join('|')}) at=$next ;;
    esac
  done
  local -a offers
  case "$at" in
${cases.join('')}  esac
  _describe 'quorate' offers || _files
}
if [ "$funcstack[1]" = "_quorate" ]; then _quorate; else compdef _quorate quorate; fi
`;
}

const fishQuoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function fishScript(tree: TreeNode): string {
  const lines = placesIn(tree).flatMap(({ path, node }) => {
    const here = fishCondition(path, node);
    return [
      ...node.children.map(
        ({ name, summary }) =>
          `complete -c quorate -n ${here} -a ${fishQuoted(name)} -d ${fishQuoted(summary)}`,
      ),
      ...node.options.map(({ flag, summary }) => {
        const option = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
        return `complete -c quorate -n ${here} ${option} -d ${fishQuoted(summary)}`;
      }),
    ];
  });
  return `# fish completion for quorate. Use: quorate completion fish | source\n${lines.join('\n')}\n`;
}

/** True in fish when the words so far lead exactly here: this command was seen and none of its own commands. */
function fishCondition(path: string, node: TreeNode): string {
  const seen = path.split(' ').filter((word) => word !== '');
  const children = node.children.map(({ name }) => name);
  const conditions = [
    ...seen.map((word) => `__fish_seen_subcommand_from ${word}`),
    ...(children.length === 0 ? [] : [`not __fish_seen_subcommand_from ${children.join(' ')}`]),
  ];
  return fishQuoted(conditions.length === 0 ? 'true' : conditions.join('; and '));
}
