import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { keepingRoom } from './keep-room.ts';
import { runStage } from './run-stage.ts';

const signal = new AbortController().signal;

it('lets work go on while there is room, and gives what it gives', async () => {
  expect(await keepingRoom({ paths: [tmpdir()], signal }, async () => 7)).toBe(7);
});

it('ends work that leaves too little of the disk, and says why', async () => {
  const work = keepingRoom({ paths: [tmpdir()], signal, floorBytes: Number.MAX_VALUE }, (within) =>
    runStage({ name: 'filling', program: 'sleep', args: ['600'], signal: within }),
  );

  await expect(work).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'image.no_room' });
});

it('ends work when whoever asked does not want it any more', async () => {
  const asked = new AbortController();
  const work = keepingRoom({ paths: [tmpdir()], signal: asked.signal }, (within) => {
    asked.abort(new Error('not any more'));
    return runStage({ name: 'waiting', program: 'sleep', args: ['600'], signal: within });
  });

  await expect(work).rejects.toThrow('not any more');
});
