import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* What people do with languages that a VM was given as tools, in a real guest; one VM for all, as the first start of each takes long where guests are emulated. */

const SLOW = { timeout: 600_000 };

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

/** What the last line of it says. */
async function run(script: string): Promise<string | undefined> {
  return (await here.must(['exec', 'poly', '--', 'sh', '-c', script])).split('\n').at(-1);
}

describe('a VM with languages as tools', () => {
  it('is made', SLOW, async () => {
    const tools = ['python', 'go', 'rust'].flatMap((tool) => ['--tool', tool]);
    await here.must(['create', 'poly', '--memory', '1024', '--vcpus', '2', ...tools]);
  });

  it('runs a program of Go', SLOW, async () => {
    const program = 'package main\\nimport "fmt"\\nfunc main() { fmt.Println("hello from go") }\\n';
    expect(await run('go version')).toMatch(/^go version go1\.\d+/);
    expect(await run(`mkdir -p /tmp/go && cd /tmp/go && printf '${program}' > hello.go && go run hello.go`)).toBe(
      'hello from go',
    );
  });

  it('compiles and links a program of Rust', SLOW, async () => {
    const program = 'fn main() { println!("hello from rust"); }\\n';
    expect(
      await run(`mkdir -p /tmp/rust && cd /tmp/rust && printf '${program}' > hello.rs && rustc hello.rs && ./hello`),
    ).toBe('hello from rust');
  });

  it("makes an environment of Python's with pip in it", SLOW, async () => {
    expect(await run('cd /tmp && python3 -m venv x && x/bin/pip --version')).toMatch(/^pip \d[\d.]* from \/tmp\/x\//);
    expect(await run('/tmp/x/bin/python -c "import ssl, sqlite3, sys; print(sys.prefix)"')).toBe('/tmp/x');
  });
});
