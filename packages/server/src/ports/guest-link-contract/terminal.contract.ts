import { expect } from 'vitest';
import { bytesOf, command, type GuestLinkContext, readUntil, shell } from './subject.contract.ts';

/** `exec` with a terminal. */
export function terminalLaws({ law, subject, newId, options }: GuestLinkContext): void {
  law('a terminal has the size that was asked for, and takes a new one', async () => {
    const request = shell('stty size; read line; stty size; read line', {
      tty: { rows: 30, columns: 100 },
      hasStdin: true,
    });
    await using process = await subject().link.exec(newId(), request, options);

    expect(await readUntil(process, '100')).toContain('30 100');
    await process.resize({ rows: 50, columns: 132 });
    await process.writeStdin(bytesOf('\n'));

    expect(await readUntil(process, '132')).toContain('50 132');
    await process.writeStdin(bytesOf('\n'));
  });

  law('all output of a terminal is one stream, and the command knows it is on one', async () => {
    const request = shell('test -t 0 && test -t 1 && test -t 2 && echo out && echo err >&2', {
      tty: { rows: 24, columns: 80 },
      hasStdin: true,
    });
    await using process = await subject().link.exec(newId(), request, options);

    expect(await readUntil(process, 'err')).toMatch(/out\r\nerr/);
  });

  law('the interrupt character interrupts', async () => {
    await using process = await subject().link.exec(
      newId(),
      shell('echo ready; exec sleep 60', { tty: { rows: 24, columns: 80 }, hasStdin: true }),
      options,
    );
    await readUntil(process, 'ready');

    await process.writeStdin(bytesOf('\u0003'));
    for await (const _ of process.output);

    expect(await process.exit).toMatchObject({ exitCode: null, signal: 2 });
  });

  law('the end of the input ends what reads from a terminal', async () => {
    await using process = await subject().link.exec(
      newId(),
      command(['cat'], { tty: { rows: 24, columns: 80 }, hasStdin: true }),
      options,
    );
    await process.writeStdin(bytesOf('line\n'));
    await process.closeStdin();
    for await (const _ of process.output);

    expect(await process.exit).toMatchObject({ exitCode: 0, stderrBytes: 0 });
  });
}
