import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findDocker } from './check-docker.ts';

it('says whether somebody listens where an engine should, and takes none for a fault', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'volary-test-doctor-'));
  const path = join(directory, 'docker.sock');
  expect(await findDocker({ DOCKER_HOST: `unix://${path}` })).toMatchObject({
    status: 'ok',
    detail: `none at ${path}; VMs are machines`,
  });
  const engine = createServer();
  engine.listen(path);
  await once(engine, 'listening');

  expect(await findDocker({ VOLARY_DOCKER_SOCKET: path })).toMatchObject({
    detail: `listens at ${path}: VMs may be containers`,
  });

  engine.close();
  await once(engine, 'close');
  rmSync(directory, { recursive: true });
  expect(await findDocker({ VOLARY_DOCKER_SOCKET: 'off' })).toMatchObject({ detail: 'left alone; VMs are machines' });
});
