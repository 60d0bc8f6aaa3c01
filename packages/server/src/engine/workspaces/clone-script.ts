/**
 * How a guest clones a repository: beside its place, renamed when it is whole, with a mark of which workspace that was for. So it can be begun any
 * number of times, and whoever was cut off in the middle leaves nothing that is taken for a clone. Whatever git might ask a person for it is not
 * asked; no address leads it to a command or to a file of its own.
 */
import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import type { Repository } from '../../domain/workspace/repository.ts';

/** How a shell names the script in its own messages. */
const NAME = 'volary-clone';

/** Arguments: address, directory, branch or tag or nothing, id of the workspace, where GIT_TOKEN may be sent or nothing. */
const CLONE_SCRIPT = `set -eu
url=$1 directory=$2 ref=$3 id=$4 origin=$5
mark="$directory/.git/volary-workspace"
beside="$directory.cloning-$id"
if ! command -v git > /dev/null 2>&1; then
  echo 'There is no git in this guest: use an image that has it, or the tool git.' >&2
  exit 127
fi
if [ -f "$mark" ] && [ "$(cat "$mark")" = "$id" ]; then
  echo 'It has been cloned already.'
  exit 0
fi
if [ -e "$directory" ] && ! rmdir -- "$directory"; then
  echo "There is something in $directory already." >&2
  exit 1
fi
rm -rf -- "$beside"
mkdir -p -- "$(dirname -- "$directory")"
export GIT_TERMINAL_PROMPT=0 GIT_ALLOW_PROTOCOL=http:https:git:ssh
export GIT_SSH_COMMAND="\${GIT_SSH_COMMAND:-ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new}"
set -- clone
if [ -n "$ref" ]; then set -- "$@" --branch "$ref"; fi
if [ -n "$origin" ] && [ -n "\${GIT_TOKEN:-}" ]; then
  set -- -c "credential.$origin.helper=!f() { test \\"\\$1\\" = get && printf 'username=%s\\\\npassword=%s\\\\n' \\"\\\${GIT_USERNAME:-x-access-token}\\" \\"\\$GIT_TOKEN\\"; }; f" "$@"
fi
git "$@" -- "$url" "$beside"
printf '%s\\n' "$id" > "$beside/.git/volary-workspace"
sync
mv -- "$beside" "$directory"
sync
`;

/** The command that clones it. A second of the same workspace does nothing once it is there. */
export function cloneCommand(id: WorkspaceId, { url, ref, directory }: Repository): Pick<ExecRequest, 'argv' | 'cwd'> {
  const origin = /^https:\/\/[^/]+/.exec(url)?.[0] ?? '';
  return { argv: ['/bin/sh', '-c', CLONE_SCRIPT, NAME, url, directory, ref ?? '', id, origin], cwd: '/' };
}
