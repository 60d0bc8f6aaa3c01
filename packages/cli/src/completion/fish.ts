import type { Completable } from './describe-commands.ts';

/** The completion script of fish. Names of VMs are asked for when they are wanted. */
export function fishScript(commands: readonly Completable[]): string {
  const [program, ...others] = commands;
  const lines = ['# fish completion of volary: volary completion fish | source', 'complete -c volary -f'];
  for (const option of program?.options ?? []) lines.push(`complete -c volary ${optionWords(option)}`);
  for (const { path, summary, options, argument } of others) {
    const words = path.split(' ');
    const [first = ''] = words;
    const isHere = `__fish_seen_subcommand_from ${first}`;
    if (words.length > 1) {
      const isBelow = words.slice(0, -1).map((word) => `__fish_seen_subcommand_from ${word}`);
      lines.push(`complete -c volary -n '${isBelow.join('; and ')}' -a ${words.at(-1)} -d '${quote(summary)}'`);
      continue;
    }
    lines.push(`complete -c volary -n __fish_use_subcommand -a ${first} -d '${quote(summary)}'`);
    for (const option of options) lines.push(`complete -c volary -n '${isHere}' ${optionWords(option)}`);
    if (argument === 'vm') lines.push(`complete -c volary -n '${isHere}' -a '(volary ls -q 2>/dev/null)'`);
    if (argument === 'template')
      lines.push(`complete -c volary -n '${isHere}' -a '(volary template ls -q 2>/dev/null)'`);
    if (argument === 'file')
      lines.push(`complete -c volary -n '${isHere}' -F -a '(volary ls -q 2>/dev/null | string replace -r \\$ :)'`);
  }
  return `${lines.join('\n')}\n`;
}

function optionWords({ flag, summary, takesValue }: Completable['options'][number]): string {
  const name = flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`;
  return `${name}${takesValue ? ' -r' : ''} -d '${quote(summary)}'`;
}

function quote(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
