import { type Completable, childrenOf, nameOf } from './describe-commands.ts';

/** The completion script of zsh. Names of VMs are asked for when they are wanted. */
export function zshScript(commands: readonly Completable[]): string {
  const [program, ...others] = commands;
  const top = others.filter(({ path }) => !path.includes(' '));
  const cases = top.map(({ path, options, argument }) => {
    const children = childrenOf(others, path);
    const grandchildren = children.flatMap((child) => childrenOf(others, child.path));
    const rest = {
      vm: "'*:vm:_volary_vms'",
      template: "'*:template:_volary_templates'",
      file: "'*:file:_volary_places'",
      command: [children, grandchildren].flatMap(positionSpec).join(' '),
      none: '',
    }[argument];
    return `    ${path}) _arguments ${[...options.map(optionSpec), rest].join(' ')} ;;`;
  });
  return `#compdef volary
# zsh completion of volary: source <(volary completion zsh)
_volary_vms() { compadd -- \${(f)"$(volary ls -q 2>/dev/null)"} }
_volary_templates() { compadd -- \${(f)"$(volary template ls -q 2>/dev/null)"} }
_volary_places() { _volary_vms -S :; _files }
_volary() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${top.map(({ path, summary }) => `      '${path}:${quote(summary)}'`).join('\n')}
    )
    _describe command commands
    _arguments ${program?.options.map(optionSpec).join(' ') ?? ''}
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join('\n')}
  esac
}
compdef _volary volary
`;
}

/** What may stand at a place; nothing where there is none. */
function positionSpec(choices: readonly Completable[], at: number): readonly string[] {
  if (choices.length === 0) return [];
  return [`'${at + 1}:command:((${choices.map((each) => describe(nameOf(each), each.summary)).join(' ')}))'`];
}

function optionSpec({ flag, summary, takesValue }: Completable['options'][number]): string {
  return `'${flag}[${quote(summary).replaceAll(/[[\]]/g, '\\$&')}]${takesValue ? ':value:_files' : ''}'`;
}

function describe(name: string, summary: string): string {
  return `${name}\\:"${quote(summary)}"`;
}

/** For within single quotes. */
function quote(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
}
