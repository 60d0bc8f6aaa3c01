import { expect } from 'vitest';
import { bytesOf, type GuestLinkContext, readAll, textOf } from './subject.contract.ts';

/** `connect`. */
export function connectionLaws({ law, subject, options }: GuestLinkContext): void {
  const echo = (): { readonly host: string; readonly port: number } => {
    const { echoPort } = subject();
    if (echoPort === null) throw new Error('the guest has no port that echoes');
    return { host: '', port: echoPort };
  };

  law('a connection carries bytes both ways, and each way ends by itself', async () => {
    await using connection = await subject().link.connect(echo(), options);

    await connection.write(bytesOf('one '));
    await connection.write(bytesOf('two'));
    await connection.end();

    expect(textOf([await readAll(connection.input)])).toBe('one two');
    await expect(connection.write(bytesOf('three'))).rejects.toMatchObject({ code: 'failed_precondition' });
  });

  law('a connection carries more than is ever kept', async () => {
    await using connection = await subject().link.connect(echo(), options);
    const piece = new Uint8Array(100_000).fill(7);

    const written = (async () => {
      for (let i = 0; i < 30; i++) await connection.write(piece);
      await connection.end();
    })();
    const back = await readAll(connection.input);
    await written;

    expect(back.length).toBe(3_000_000);
    expect(back.every((byte) => byte === 7)).toBe(true);
  });

  law('the end of a connection comes after all that was written, also what was not waited for', async () => {
    await using connection = await subject().link.connect(echo(), options);
    const back = readAll(connection.input);

    const all = [0, 1, 2, 3, 4].map((byte) => connection.write(new Uint8Array(200_000).fill(byte)));
    await Promise.all([...all, connection.end()]);

    expect([...new Set(await back)]).toEqual([0, 1, 2, 3, 4]);
    expect((await back).length).toBe(1_000_000);
  });

  law('two connections do not wait for each other', async () => {
    await using held = await subject().link.connect(echo(), options);
    const flood = (async () => {
      for (let i = 0; i < 100; i++) await held.write(new Uint8Array(100_000));
    })();
    flood.catch(() => undefined);
    await using free = await subject().link.connect(echo(), options);

    await free.write(bytesOf('free'));
    await free.end();

    expect(textOf([await readAll(free.input)])).toBe('free');
  });

  law('a port where nobody listens refuses', async () => {
    await expect(subject().link.connect({ host: '127.0.0.1', port: 1 }, options)).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'guest.refused',
      details: { errno: 'ECONNREFUSED' },
    });
  });
}
