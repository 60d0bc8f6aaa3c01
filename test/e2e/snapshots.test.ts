import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'web', '-l', 'team=blue']);
  await here.must(['exec', 'web', '--', 'sh', '-c', 'echo saved > /root/file']);
});
afterAll(() => here.remove());

describe('volary snapshot', () => {
  it('saves, lists, shows and deletes', async () => {
    expect(await here.must(['snapshot', 'create', 'web', 'first', '--description', 'a start', '-l', 'a=b'])).toBe(
      'first',
    );
    const unnamed = JSON.parse(await here.must(['snapshot', 'create', 'web', '--json']));

    expect(unnamed).toMatchObject({ name: null, state: 'ready', source_vm_name: 'web' });
    expect(await here.must(['snapshot', 'ls', '--vm', 'web', '-q'])).toBe(`first\n${unnamed.id}`);
    expect(await here.must(['snapshot', 'ls'])).toMatch(/^NAME +STATE +VM/);
    expect(await here.must(['snapshot', 'get', 'first'])).toMatch(/description +a start/);
    expect(JSON.parse(await here.must(['snapshot', 'get', 'first', '--json']))).toMatchObject({ labels: { a: 'b' } });
    expect(await here.must(['snapshot', 'rm', unnamed.id])).toBe(unnamed.id);
    expect(await here.volary(['snapshot', 'rm', 'nothing', 'of-this'])).toMatchObject({ code: 3 });
  });

  it('is what VMs are made from, and restored from', async () => {
    await here.must(['exec', 'web', '--', 'sh', '-c', 'echo later > /root/file']);

    expect(await here.must(['create', 'second', '--snapshot', 'first'])).toBe('second');
    expect(await here.must(['exec', 'second', '--', 'cat', '/root/file'])).toBe('saved');
    expect(JSON.parse(await here.must(['restore', 'web', 'first', '--json']))).toMatchObject({
      name: 'web',
      phase: 'running',
      incarnation: 2,
    });
    expect(await here.must(['exec', 'web', '--', 'cat', '/root/file'])).toBe('saved');
    expect(await here.volary(['create', 'third', '--snapshot', 'first', '--image', 'base'])).toMatchObject({ code: 2 });
    const larger = await here.volary(['create', 'third', '--snapshot', 'first', '--memory', '512']);
    expect(larger).toMatchObject({ code: 2, stderr: expect.stringContaining('must be 256') });
  });
});

describe('volary fork', () => {
  it('makes VMs by name, by number, and by names that are made up', async () => {
    expect(await here.must(['fork', 'web', 'a', 'b'])).toBe('a\nb');
    expect(await here.must(['fork', 'web', '--count', '2', '--prefix', 'w'])).toBe('w-1\nw-2');
    const { items } = JSON.parse(await here.must(['fork', 'web', '--json', '-l', 'x=y']));

    expect(items).toMatchObject([{ status: 202, vm: { phase: 'running', labels: { x: 'y' } }, error: null }]);
    expect(items[0].vm.name).toMatch(/^web-/);
  });

  it('tells of each that was refused, and makes the others', async () => {
    const forked = await here.volary(['fork', 'web', 'a', 'c']);

    expect(forked).toMatchObject({ code: 4, stdout: 'c\n', stderr: expect.stringContaining('named a already') });
    expect(await here.volary(['fork', 'web', 'd', '--count', '2'])).toMatchObject({ code: 2 });
  });
});
