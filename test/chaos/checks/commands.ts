import type { Execution, Vm } from '@volary/contract';
import { VolaryApiError, type VolaryClient } from '@volary/sdk';
import type { Book, KnownCommand } from '../book.ts';
import { LOG_PATH } from '../work/vms.ts';

const PAGE = 200;

/**
 * What is wrong with the commands in this VM: begun twice (by the lines in the guest), or ended well with output that is not whole.
 * Nothing is under way any more.
 */
export async function checkCommands(client: VolaryClient, book: Book, vm: Vm): Promise<readonly string[]> {
  const own = [...book.commands.values()].filter((command) => command.vm.name === vm.name);
  const executions = await findExecutions(
    client,
    vm,
    own.filter(({ isSettled }) => !isSettled),
  );
  const lines = vm.phase === 'running' ? await readLines(client, vm) : null;
  const faults = lines === null ? [] : checkLines(lines, own);
  for (const command of own) {
    if (!command.isSettled) faults.push(...(await settle(client, vm, command, executions.get(command.token))));
    if (command.hasEndedWell && lines?.includes(command.token) === false)
      faults.push(`${command.token} ended well and left no line`);
  }
  return faults;
}

/** Executions by the token in their command line, for as many pages as the wanted ones take. */
async function findExecutions(
  client: VolaryClient,
  vm: Vm,
  wanted: readonly KnownCommand[],
): Promise<ReadonlyMap<string, Execution>> {
  const found = new Map<string, Execution>();
  const missing = new Set(wanted.filter(({ answer }) => answer === 'accepted').map(({ token }) => token));
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly Execution[]; readonly next_cursor: string | null } =
      await client.executions.list(vm.id, { limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const execution of page.items) {
      const token = / (t[0-9]+) >> /.exec(execution.argv.join(' '))?.[1] ?? '';
      found.set(token, execution);
      missing.delete(token);
    }
    cursor = page.next_cursor;
  } while (cursor !== null && missing.size > 0);
  return found;
}

async function settle(
  client: VolaryClient,
  vm: Vm,
  command: KnownCommand,
  execution: Execution | undefined,
): Promise<readonly string[]> {
  const { token, answer, lineCount } = command;
  // A halted or suspended guest's commands wait with it.
  const isHalted = vm.phase === 'paused' || vm.phase === 'suspended';
  if (isHalted && (execution?.state === 'starting' || execution?.state === 'running')) return [];
  command.isSettled = true;
  if (execution === undefined) return answer === 'accepted' ? [`${token} was accepted and its execution is lost`] : [];
  command.executionId ??= execution.id;
  const { id, state, exit_code: exitCode } = execution;
  if (command.executionId !== id) return [`${token} has two executions: ${command.executionId}, ${id}`];
  if (state === 'starting' || state === 'running') return [`${token} is still ${state}: ${id}`];
  command.hasEndedWell = state === 'exited' && exitCode === 0;
  const expected = `${token}\n`.repeat(lineCount);
  const stdout = await readStdout(client, id);
  if (command.hasEndedWell && stdout !== expected)
    return [`${token} ended well with ${stdout.length} of ${expected.length} bytes of output: ${id}`];
  if (!expected.startsWith(stdout)) return [`${token} (${state}, ${exitCode}) has output that it did not write: ${id}`];
  return [];
}

function checkLines(lines: readonly string[], own: readonly KnownCommand[]): string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const known = new Set(own.map(({ token }) => token));
  return [...counts].flatMap(([line, count]) => [
    ...(count > 1 ? [`${line} was run ${count} times`] : []),
    ...(known.has(line) ? [] : [`a line that nobody wrote: ${line}`]),
  ]);
}

async function readStdout(client: VolaryClient, id: string): Promise<string> {
  return await readAll(client.executions.readOutput(id, { stream: 'stdout' }));
}

/** The lines that commands have left in a guest which runs. */
export async function readLines(client: VolaryClient, vm: Pick<Vm, 'id'>): Promise<readonly string[]> {
  try {
    const { content } = await client.files.read(vm.id, LOG_PATH);
    return (await readAll(content)).split('\n').filter((line) => line !== '');
  } catch (error) {
    if (error instanceof VolaryApiError && error.reason === 'guest.no_such_file') return [];
    throw error;
  }
}

async function readAll(content: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
