import { expect } from 'vitest';
import { SIGNALS } from '../../domain/execution/signals.ts';
import { bytesOf, command, type GuestLinkContext, readToEnd, run, shell } from './subject.contract.ts';

const LARGE_BYTES = 5 * 1024 * 1024;
const LINE = '0123456789abcde\n';
const LARGE_OUTPUT = `yes ${LINE.trimEnd()} | head -c ${LARGE_BYTES}`;

/** `exec`: what a command is given, and what comes of it. */
export function executionLaws(context: GuestLinkContext): void {
  const { law, subject, newId, newPath, options } = context;

  law('exec keeps standard output and standard error apart', async () => {
    const ran = await run(context, shell('echo out; echo err >&2'));

    expect(ran).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
    expect(ran.exit).toMatchObject({ exitCode: 0, signal: null, timedOut: false, stdoutBytes: 4, stderrBytes: 4 });
  });

  law('exec tells the exit code', async () => {
    expect((await run(context, shell('exit 7'))).exit).toMatchObject({ exitCode: 7, signal: null });
  });

  law('exec tells process id, start and duration', async () => {
    const beforeMs = Date.now();

    const process = await subject().link.exec(newId(), shell('sleep 0.05'), options);
    const { exit } = await readToEnd(process);

    expect(process.pid).toBeGreaterThan(0);
    expect(process.isAttached).toBe(false);
    // Clocks of the two sides may differ a little.
    expect(Math.abs(process.startedAtMs - beforeMs)).toBeLessThan(60_000);
    expect(exit.durationMs).toBeGreaterThanOrEqual(40);
  });

  law('exec passes arguments and environment as they are', async () => {
    const value = 'a b\'c"d $e\\f é';
    const request = shell('printf "%s|%s" "$GREETING" "$1"', { env: { GREETING: value } });

    const ran = await run(context, { ...request, argv: [...request.argv, 'sh', value] });

    expect(ran.stdout).toBe(`${value}|${value}`);
  });

  law('exec runs in the directory that was asked for', async () => {
    const path = newPath();
    await subject().link.makeDirectory(path, options);

    expect((await run(context, command(['pwd'], { cwd: path }))).stdout).toBe(`${path}\n`);
  });

  law('exec says that a program does not exist', async () => {
    await expect(subject().link.exec(newId(), command(['/no/such/program']), options)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'execution.not_started',
      details: { errno: 'ENOENT', step: 'program' },
    });
  });

  law('exec says that a directory or a user does not exist', async () => {
    const { link } = subject();

    for (const [step, more] of [
      ['directory', { cwd: '/no/such/directory' }],
      ['user', { user: 'nobody-of-this-name' }],
    ] as const) {
      await expect(link.exec(newId(), command(['true'], more), options)).rejects.toMatchObject({
        code: 'failed_precondition',
        reason: 'execution.not_started',
        details: { errno: 'ENOENT', step },
      });
    }
  });

  law('a signal ends the command, and is told', async () => {
    const process = await subject().link.exec(newId(), command(['sleep', '60']), options);

    await process.signal(SIGNALS.SIGTERM);
    const { exit } = await readToEnd(process);

    expect(exit).toMatchObject({ exitCode: null, signal: SIGNALS.SIGTERM, timedOut: false });
    await process.signal(SIGNALS.SIGTERM);
  });

  law('a command that takes too long is ended', async () => {
    const { exit } = await run(context, command(['sleep', '60'], { timeoutMs: 100 }));

    expect(exit).toMatchObject({ exitCode: null, signal: SIGNALS.SIGTERM, timedOut: true });
  });

  law('standard input reaches the command, and ends', async () => {
    const process = await subject().link.exec(newId(), command(['cat'], { hasStdin: true }), options);

    await process.writeStdin(bytesOf('one\n'));
    await process.writeStdin(bytesOf('two\n'));
    await process.closeStdin();
    const ran = await readToEnd(process);

    expect(ran).toMatchObject({ stdout: 'one\ntwo\n', exit: { exitCode: 0 } });
    await expect(process.writeStdin(bytesOf('three'))).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'execution.stdin_closed',
    });
  });

  law('a command without an input reads its end at once', async () => {
    expect(await run(context, command(['cat']))).toMatchObject({ stdout: '', exit: { exitCode: 0 } });
  });

  law('more input than is ever kept comes through, while the output is read', async () => {
    const process = await subject().link.exec(newId(), command(['cat'], { hasStdin: true }), options);
    const piece = bytesOf(LINE.repeat(4096));

    const written = (async () => {
      for (let at = 0; at < LARGE_BYTES; at += piece.length) await process.writeStdin(piece);
      await process.closeStdin();
    })();
    const { stdout } = await readToEnd(process);
    await written;

    expect(stdout === LINE.repeat(LARGE_BYTES / LINE.length)).toBe(true);
  });

  law('output of 5 MiB comes whole, in order, once', async () => {
    const { stdout, exit } = await run(context, shell(LARGE_OUTPUT));

    expect(exit).toMatchObject({ exitCode: 0, stdoutBytes: LARGE_BYTES });
    expect(stdout === LINE.repeat(LARGE_BYTES / LINE.length)).toBe(true);
  });

  law('a reader that stops stops its command, and nobody else', async () => {
    const path = newPath();
    const held = await subject().link.exec(newId(), shell(`${LARGE_OUTPUT}; touch ${path}`), options);

    expect((await run(context, shell('echo free'))).stdout).toBe('free\n');
    await expect(subject().link.stat(path, { ...options, followLinks: true })).rejects.toMatchObject({
      code: 'not_found',
    });

    const { stdout } = await readToEnd(held);
    expect(stdout.length).toBe(LARGE_BYTES);
    expect(await subject().link.stat(path, { ...options, followLinks: true })).toMatchObject({ type: 'file' });
  });

  law('many commands at once keep their outputs apart', async () => {
    const runs = await Promise.all(Array.from({ length: 16 }, (_, i) => run(context, shell(`echo ${i}; exit ${i}`))));

    expect(runs.map(({ stdout, exit }) => [stdout, exit.exitCode])).toEqual(
      Array.from({ length: 16 }, (_, i) => [`${i}\n`, i]),
    );
  });

  law('exec that is aborted throws the reason', async () => {
    const reason = new Error('enough');

    await expect(subject().link.exec(newId(), command(['true']), { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  law('a background child does not delay the end', async () => {
    const process = await subject().link.exec(newId(), shell('sleep 5 & echo "$!"'), options);
    const { stdout, exit } = await readToEnd(process);

    expect(exit).toMatchObject({ exitCode: 0 });
    expect(exit.durationMs).toBeLessThan(4_000);
    await run(context, command(['kill', stdout.trim()]));
  });
}
