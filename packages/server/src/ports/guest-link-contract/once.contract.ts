import { expect } from 'vitest';
import type { GuestProcess } from '../guest-link.ts';
import { bytesOf, type GuestLinkContext, readAll, readToEnd, readUntil, shell, textOf } from './subject.contract.ts';

/** A command is started at most once, and its output kept until somebody has it. */
export function onceLaws({ law, subject, newId, newPath, options }: GuestLinkContext): void {
  /** Says "one", waits for a line of input, says "two". */
  const TWO_STEPS = 'echo one; read line; echo two';

  async function detach(process: GuestProcess): Promise<void> {
    await process[Symbol.asyncDispose]();
  }

  law('the same id starts nothing a second time: it attaches', async () => {
    const { link } = subject();
    const path = newPath();
    const id = newId();
    const request = shell(`echo started >> ${path}; ${TWO_STEPS}`, { hasStdin: true });

    const first = await link.exec(id, request, options);
    await readUntil(first, 'one\n');
    await detach(first);
    const second = await link.exec(id, request, options);
    await second.writeStdin(bytesOf('\n'));
    const { stdout } = await readToEnd(second);

    expect([first.isAttached, second.isAttached]).toEqual([false, true]);
    expect(second.pid).toBe(first.pid);
    expect(second.startedAtMs).toBe(first.startedAtMs);
    expect(stdout).toBe('one\ntwo\n');
    expect(textOf([await readAll((await link.readFile(path, options)).content)])).toBe('started\n');
  });

  law('attaching goes on from what is kept already', async () => {
    const { link } = subject();
    const id = newId();
    const first = await link.exec(id, shell(TWO_STEPS, { hasStdin: true }), options);
    const seen = await readUntil(first, 'one\n');
    first.acknowledge('stdout', seen.length);
    await detach(first);

    const second = await link.attach(id, { stdoutBytes: seen.length, stderrBytes: 0, isTty: false }, options);
    await second.writeStdin(bytesOf('\n'));
    const { stdout, exit } = await readToEnd(second, { stdout: seen.length, stderr: 0 });

    expect(second.isAttached).toBe(true);
    expect(stdout).toBe('two\n');
    expect(exit).toMatchObject({ exitCode: 0, stdoutBytes: 8 });
  });

  law('attaching says how much input the command has', async () => {
    const { link } = subject();
    const id = newId();
    const first = await link.exec(id, shell(TWO_STEPS, { hasStdin: true }), options);
    await readUntil(first, 'one\n');
    await first.writeStdin(bytesOf('half a '));
    await detach(first);

    const second = await link.attach(id, { stdoutBytes: 4, stderrBytes: 0, isTty: false }, options);
    await second.writeStdin(bytesOf('line\n'));
    const { stdout } = await readToEnd(second, { stdout: 4, stderr: 0 });

    expect([first.stdinReceivedBytes, second.stdinReceivedBytes]).toEqual([0, 7]);
    expect(stdout).toBe('two\n');
  });

  law('what was read but not acknowledged comes again', async () => {
    const { link } = subject();
    const id = newId();
    const first = await link.exec(id, shell(TWO_STEPS, { hasStdin: true }), options);
    await readUntil(first, 'one\n');
    await detach(first);

    const second = await link.attach(id, { stdoutBytes: 0, stderrBytes: 0, isTty: false }, options);
    await second.writeStdin(bytesOf('\n'));

    expect((await readToEnd(second)).stdout).toBe('one\ntwo\n');
  });

  law('a command that ended unseen keeps output and end for who attaches', async () => {
    const { link } = subject();
    const path = newPath();
    const id = newId();
    const changes = link.watch(subject().directory, { ...options, isRecursive: false })[Symbol.asyncIterator]();
    const change = changes.next();
    await detach(await link.exec(id, shell(`echo one; echo two >&2; touch ${path}; exit 5`), options));
    await change;
    await changes.return?.();

    const attached = await link.attach(id, { stdoutBytes: 0, stderrBytes: 0, isTty: false }, options);

    expect(await readToEnd(attached)).toMatchObject({ stdout: 'one\n', stderr: 'two\n', exit: { exitCode: 5 } });
  });

  law('an id that has ended and was forgotten starts nothing again', async () => {
    const { link } = subject();
    const id = newId();
    await readToEnd(await link.exec(id, shell('echo once'), options));

    await expect(link.exec(id, shell('echo once'), options)).rejects.toMatchObject({
      code: 'conflict',
      reason: 'execution.already_ended',
    });
    await expect(link.attach(id, { stdoutBytes: 0, stderrBytes: 0, isTty: false }, options)).rejects.toMatchObject({
      code: 'not_found',
      reason: 'execution.unknown_to_guest',
    });
  });

  law('what was read to its end and let go is forgotten, acknowledged or not', async () => {
    const { link } = subject();
    const id = newId();
    const process = await link.exec(id, shell('echo once'), options);
    for await (const _ of process.output);
    await process.exit;
    await detach(process);

    await expect(link.exec(id, shell('echo once'), options)).rejects.toMatchObject({
      code: 'conflict',
      reason: 'execution.already_ended',
    });
  });

  law('attaching never starts anything', async () => {
    await expect(
      subject().link.attach(newId(), { stdoutBytes: 0, stderrBytes: 0, isTty: false }, options),
    ).rejects.toMatchObject({ code: 'not_found', reason: 'execution.unknown_to_guest' });
  });

  law('the id of a command that could not be started stays free', async () => {
    const { link } = subject();
    const id = newId();
    await expect(link.exec(id, { ...shell(''), argv: ['/no/such/program'] }, options)).rejects.toMatchObject({
      reason: 'execution.not_started',
    });

    expect((await readToEnd(await link.exec(id, shell('echo now'), options))).stdout).toBe('now\n');
  });
}
