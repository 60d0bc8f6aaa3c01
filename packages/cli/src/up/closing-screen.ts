import { join } from 'node:path';
import type { Host } from '@volary/contract';
import type { Context } from '../context.ts';
import { formatDuration } from '../output/format.ts';
import { styled } from '../output/style.ts';
import { programName } from '../paths.ts';

export interface Outcome {
  readonly url: string;
  readonly dataDir: string;
  readonly isDefaultDataDir: boolean;
  readonly host: Host | null;
  /** What the command in it printed; null where its guest has no such program. */
  readonly vm: { readonly name: string; readonly output: string | null } | null;
  /** The bootstrap admin key, if it was made just now. */
  readonly newAdminKey: string | null;
  readonly durationMs: number;
}

/** What there is now, and three things to try. */
export function formatClosing(context: Context, outcome: Outcome): string {
  const { stdout, env } = context;
  const { vm, host } = outcome;
  const accelerator =
    host === null || host.accelerator.kind === 'none'
      ? []
      : [`${host.accelerator.kind.toUpperCase()}: ${host.accelerator.explanation}`];
  const said = vm === null || vm.output === null ? [] : [`${vm.name} says: ${styled(stdout, 'green', vm.output)}`];
  const facts = [
    ...said,
    ...accelerator,
    `Ready in ${formatDuration(outcome.durationMs)}. The server is ${outcome.url}.`,
    ...adminKeyLines(context, outcome),
  ];
  const program = programName(env);
  const option = outcome.isDefaultDataDir ? '' : ` --data-dir ${outcome.dataDir}`;
  const things = thingsToTry(vm?.name ?? null).map(
    ([words, what]) => `  ${styled(stdout, 'bold', `${program}${option} ${words}`)}\n      ${what}`,
  );
  return `\n${facts.join('\n')}\n\nTry:\n${things.join('\n')}\n`;
}

/** On a terminal only is the key shown: what a pipe takes is kept, and read by others. */
function adminKeyLines({ stdout }: Context, { newAdminKey, dataDir }: Outcome): readonly string[] {
  const path = join(dataDir, 'admin.key');
  if (newAdminKey === null) return [];
  return [
    stdout.isTTY ? `Its admin key, shown this once (kept in ${path}): ${newAdminKey}` : `Its admin key is in ${path}.`,
  ];
}

function thingsToTry(name: string | null): readonly (readonly [words: string, what: string])[] {
  if (name === null) {
    return [
      ['create first', 'make a VM'],
      ['image ls', 'see the guest images'],
      ['status', 'see the server and its host'],
    ];
  }
  return [
    [`exec -it ${name} -- bash`, 'a shell in it'],
    [`cp README.md ${name}:/root/`, 'a file into it'],
    ['create second --memory 512', 'another one'],
  ];
}
