import { expect, it } from 'vitest';
import { readConfig } from './config.ts';

async function socketOf(env: Readonly<Record<string, string>>, argv: readonly string[] = []): Promise<string | null> {
  return (await readConfig(argv, { HOME: '/home/ann', ...env })).dockerSocket;
}

it("is where Docker's own client looks for its engine, unless it is said", async () => {
  expect(await socketOf({})).toBe('/var/run/docker.sock');
  expect(await socketOf({ DOCKER_HOST: 'unix:///run/user/1000/docker.sock' })).toBe('/run/user/1000/docker.sock');
  expect(await socketOf({ DOCKER_HOST: 'unix:///a', VOLARY_DOCKER_SOCKET: '/b' })).toBe('/b');
});

it('is not looked for on another host', async () => {
  expect(await socketOf({ DOCKER_HOST: 'tcp://elsewhere:2376' })).toBe('/var/run/docker.sock');
});

it('can be none, unless docker is what runs the VMs', async () => {
  expect(await socketOf({ VOLARY_DOCKER_SOCKET: 'off' })).toBeNull();
  await expect(socketOf({ VOLARY_DOCKER_SOCKET: 'off' }, ['--driver', 'docker'])).rejects.toMatchObject({
    reason: 'config.invalid',
    details: { field: 'docker_socket' },
  });
});
