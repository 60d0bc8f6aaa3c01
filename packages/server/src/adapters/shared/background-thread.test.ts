import { once } from 'node:events';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';

const MODULE = JSON.stringify(new URL('./background-thread.ts', import.meta.url).href);

it('lets the other threads go first, and changes nothing for them', async () => {
  const before = getPriority(0);
  const worker = new Worker(
    `import { getPriority } from 'node:os';
     import { parentPort } from 'node:worker_threads';
     import { workInBackground } from ${MODULE};
     workInBackground();
     parentPort.postMessage(getPriority(0));`,
    { eval: true },
  );
  const [priority] = await once(worker, 'message');

  expect(priority).toBe(Math.min(19, before + 1));
  expect(getPriority(0)).toBe(before);
});
