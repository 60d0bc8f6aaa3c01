import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Tools in real guests, from where they really come. */

const TOOLS = ['nodejs@20', 'bun', 'claude-code', 'git'];

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

async function create(name: string, ...more: readonly string[]): Promise<unknown> {
  const tools = TOOLS.flatMap((tool) => ['--tool', tool]);
  return JSON.parse(await here.must(['create', name, ...tools, ...more, '--json']));
}

async function run(vm: string, script: string): Promise<string> {
  return await here.must(['exec', vm, '--', 'sh', '-c', script]);
}

describe('a VM that is given tools', () => {
  it('has them on its PATH, in the versions that it says', { timeout: 400_000 }, async () => {
    const vm = await create('bird');
    const versions = await run('bird', 'node -v; bun -v; claude --version; git --version');

    const [node = '', bun = '', claude = '', git = ''] = versions.split('\n');
    expect(node).toMatch(/^v20\.\d+\.\d+$/);
    expect(vm).toMatchObject({
      tools: [
        { name: 'nodejs', version: node.slice(1), digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
        { name: 'bun', version: bun },
        { name: 'claude-code', version: claude.split(' ')[0] },
        { name: 'git', version: expect.stringContaining(`${git.split(' ').at(-1)}+`) },
      ],
    });
  });

  it('has them for every user and in shells, and what they start has nothing of theirs', {
    timeout: 120_000,
  }, async () => {
    await run('bird', 'useradd -m -s /bin/bash somebody');
    expect(await run('bird', 'su - somebody -c "node -v && git --version"')).toMatch(/^v20\.[\d.]+\ngit version /);
    expect(await run('bird', 'node -e "console.log(process.env.LD_LIBRARY_PATH ?? null)"')).toBe('null');
    expect(await run('bird', 'command -v git; git --exec-path')).toBe(
      '/opt/volary/bin/git\n/opt/volary/tools/git/usr/lib/git-core',
    );
    // The system's own programs go on with the system's libraries.
    expect(await run('bird', 'git -c alias.x="!/usr/bin/curl --version" x | head -1')).toMatch(/^curl /);
  });

  it('clones a repository with its git, and runs a script with its npm', { timeout: 120_000 }, async () => {
    const script = [
      'cd /tmp && git init -q one && cd one',
      'git config user.email a@b && git config user.name a',
      'printf \'{"scripts":{"hello":"node -p 1+1"}}\' > package.json',
      'git add . && git commit -qm first && cd .. && git clone -q one two && cd two && git log --format=%s',
      'npm run -s hello',
    ];
    expect(await run('bird', script.join(' && '))).toBe('first\n2');
  });

  it('costs no build a second time, and goes on with them as a fork and after a sleep', {
    timeout: 240_000,
  }, async () => {
    const begun = performance.now();
    await create('wren');
    const operations = JSON.parse(await here.must(['ps', '--all', '--json']).catch(() => '[]'));
    expect(JSON.stringify(operations)).not.toContain('ensure-tools');
    expect(performance.now() - begun).toBeLessThan(60_000);

    await here.must(['fork', 'wren', 'robin']);
    expect(await run('robin', 'node -v')).toMatch(/^v20\./);
    await here.must(['suspend', 'wren']);
    expect(await run('wren', 'bun -e "console.log(6 * 7)"')).toBe('42');
    await here.must(['restart', 'bird']);
    expect(await run('bird', 'git --version')).toMatch(/^git version/);
  });

  it('is refused with what there is, where there is no such tool or version', async () => {
    const none = await here.volary(['create', 'crow', '--tool', 'teapot']);
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain('There is no tool teapot; there are: nodejs, bun, claude-code, git');

    const old = await here.volary(['create', 'crow', '--tool', 'nodejs@3']);
    expect(old.stderr).toMatch(/There is no version 3 of nodejs; there are: \d+\./);
    expect(await here.must(['ls', '-q'])).not.toContain('crow');
  });
});
