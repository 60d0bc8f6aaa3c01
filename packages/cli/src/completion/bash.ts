import { type Completable, childrenOf, nameOf } from './describe-commands.ts';

/** The completion script of bash. Names of VMs are asked for when they are wanted. */
export function bashScript(commands: readonly Completable[]): string {
  const [program, ...others] = commands;
  const global = program?.options.map(({ flag }) => flag).join(' ') ?? '';
  const top = others.filter(({ path }) => !path.includes(' ')).map(({ path }) => path);
  const parents = others.flatMap(({ path, argument }) => (argument === 'command' ? [path] : [])).join(' ');
  const cases = others.map(({ path, options, argument }) => {
    const flags = options.map(({ flag }) => flag).join(' ');
    const children = childrenOf(others, path).map(nameOf).join(' ');
    return `    '${path}') flags='${flags}' kind=${argument} children='${children}' ;;`;
  });
  return `# bash completion of volary: source <(volary completion bash)
_volary() {
  local word=\${COMP_WORDS[COMP_CWORD]} command='' flags='' kind=none children='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      --) return ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=\${COMP_WORDS[i]}; elif [[ ' ${parents} ' == *" $command "* ]]; then command="$command \${COMP_WORDS[i]}"; fi ;;
    esac
  done
  if [[ -z $command ]]; then
    COMPREPLY=($(compgen -W '${top.join(' ')} ${global}' -- "$word"))
    return
  fi
  case $command in
${cases.join('\n')}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags ${global}" -- "$word"))
  elif [[ $kind == command ]]; then
    COMPREPLY=($(compgen -W "$children" -- "$word"))
  elif [[ $kind == vm ]]; then
    COMPREPLY=($(compgen -W "$("\${COMP_WORDS[0]}" ls -q 2>/dev/null)" -- "$word"))
  elif [[ $kind == template ]]; then
    COMPREPLY=($(compgen -W "$("\${COMP_WORDS[0]}" template ls -q 2>/dev/null)" -- "$word"))
  elif [[ $kind == file ]]; then
    COMPREPLY=($(compgen -f -- "$word") $(compgen -S : -W "$("\${COMP_WORDS[0]}" ls -q 2>/dev/null)" -- "$word"))
    compopt -o nospace
  fi
}
complete -F _volary volary
complete -F _volary ./volary
`;
}
