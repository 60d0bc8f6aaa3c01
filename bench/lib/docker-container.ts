import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A running container of an image with two static programs and nothing else; disposing removes both. */
export function dockerContainer(): Disposable & { readonly id: string } {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-docker-'));
  try {
    compile(directory, 'true', 'int main(void) { return 0; }');
    compile(directory, 'wait', '#include <unistd.h>\nint main(void) { for (;;) pause(); }');
    const tar = execFileSync('tar', ['-C', directory, '-c', 'true', 'wait']);
    const image = execFileSync('docker', ['import', '-'], { input: tar, encoding: 'utf8' }).trim();
    const id = execFileSync('docker', ['run', '-d', '--network=none', image, '/wait'], { encoding: 'utf8' }).trim();
    return {
      id,
      [Symbol.dispose]: () => {
        execFileSync('docker', ['rm', '-f', id], { stdio: 'ignore' });
        execFileSync('docker', ['rmi', image], { stdio: 'ignore' });
      },
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function compile(directory: string, name: string, source: string): void {
  const path = join(directory, `${name}.c`);
  writeFileSync(path, source);
  execFileSync('musl-gcc', ['-static', '-Os', '-o', join(directory, name), path]);
}
