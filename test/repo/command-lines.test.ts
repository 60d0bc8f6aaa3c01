import { describe, expect, it } from 'vitest';
import type { Context } from '../../packages/cli/src/context.ts';
import { createCompleteProgram } from '../../packages/cli/src/program.ts';
import { commandLinesOf, commandSpansOf } from './command-lines.ts';
import { listDocuments } from './markdown.ts';
import { readText } from './repository.ts';

/* What documents tell their readers to type is read by the command line's own parser; nothing is run, and no server is asked. */

/** Decisions and what was released are history. */
const documents = listDocuments().filter((path) => !/^(docs\/adr\/|CHANGELOG\.md)/.test(path));

/** What a sentence may leave out. */
const LEFT_OUT = new Set([
  'commander.missingArgument',
  'commander.optionMissingArgument',
  'commander.missingMandatoryOptionValue',
]);

const { env, stdin, stdout, stderr } = process;
const context: Context = {
  ...{ env, stdin, stdout, stderr, globals: {}, commandWords: null },
  loadCommands: () => createCompleteProgram(context),
  whenPipeBreaks: () => {},
  endWith: () => {},
};
const program = await createCompleteProgram(context);
withoutEffects(program);

interface Fault {
  readonly code: string;
  readonly message: string;
}

/** What is wrong with a command line; null when it would be run. */
async function findFault(words: readonly string[]): Promise<Fault | null> {
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const code = 'code' in error ? String(error.code) : error.name;
    return /^commander\.(help|helpDisplayed|version)$/.test(code) ? null : { code, message: error.message };
  }
  return null;
}

function withoutEffects(command: typeof program): void {
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  // One that only has others below it keeps to itself what it does without them: it shows them.
  if (command.commands.length === 0 || command.registeredArguments.length > 0) command.action(() => {});
  for (const inner of command.commands) withoutEffects(inner);
}

async function faultsOf(
  lines: readonly (readonly string[])[],
  allowed: ReadonlySet<string>,
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const words of lines) {
    const fault = await findFault(words);
    if (fault !== null && !allowed.has(fault.code)) faults.push(`volary ${words.join(' ')}: ${fault.message}`);
  }
  return faults;
}

describe('the command lines of a document', () => {
  it.each(documents)('exist: %s', async (path) => {
    const text = readText(path);

    expect(await faultsOf(commandLinesOf(text), new Set())).toEqual([]);
    expect(await faultsOf(commandSpansOf(text), LEFT_OUT)).toEqual([]);
  });

  it('are found behind pipes, variables and prompts, without what is not theirs', () => {
    const text =
      '```sh\n$ A=\'b c\' ./volary ls -q | xargs -r volary rm   # all\nvolary exec a -- sh -c "x; y" >out && volary down\n```\n`volary df`\n';

    expect(commandLinesOf(text)).toEqual([
      ['ls', '-q'],
      ['rm', 'WORD'],
      ['exec', 'a', '--', 'sh', '-c', 'x; y'],
      ['down'],
    ]);
    expect(commandSpansOf(text)).toEqual([['df']]);
  });

  it.each([['df'], ['deploy', 'web'], ['secrets', 'create', '--label', 'a=b'], ['ls', '--al'], ['rm']])(
    'are refused where there is no such command: %s %s',
    async (...words) => {
      expect(await faultsOf([words], new Set())).toHaveLength(1);
    },
  );
});
