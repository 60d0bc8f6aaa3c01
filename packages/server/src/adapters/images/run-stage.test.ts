import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runStage } from './run-stage.ts';

const patiently = { signal: new AbortController().signal };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-stage-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function sh(script: string, options: Partial<Parameters<typeof runStage>[0]> = {}): Promise<void> {
  return runStage({ name: 'trying', program: 'sh', args: ['-c', script], ...patiently, ...options });
}

describe('a stage of a build', () => {
  it('gives each line of both outputs, in a language that can be parsed', async () => {
    const lines: string[] = [];

    await sh('echo "$LC_ALL"; echo problem >&2', { onLine: (line) => lines.push(line) });

    expect(lines.toSorted()).toEqual(['C', 'problem']);
  });

  it('passes descriptors on, from 3 upward', async () => {
    await using file = await open(join(directory, 'out'), 'w');

    await sh('echo hello >&3', { descriptors: [file.fd] });

    expect(readFileSync(join(directory, 'out'), 'utf8')).toBe('hello\n');
  });

  it("fails with the program's telling words, without the places of this machine", async () => {
    const script = `echo Reading; echo "E: no room in ${directory}/deep" >&2; seq 30; exit 3`;

    const error = sh(script, { hiddenPaths: [directory] });

    await expect(error).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'image.build_failed',
      message: 'It failed while trying:\nE: no room in …/deep',
      context: { output: expect.stringContaining(`${directory}/deep`) },
    });
  });

  it('fails with the last lines when none is telling', async () => {
    await expect(sh('seq 100; exit 1')).rejects.toThrow('It failed while trying:\n95\n96\n97\n98\n99\n100');
  });

  it('shows no more of a line than fits a message', async () => {
    const error = await sh("printf 'E: %05000d\\n' 0; exit 1").catch((caught: unknown) => caught);

    expect(String(error).length).toBeLessThan(1_000);
  });

  it('is no worse for a program whose line is longer than a text can be', async () => {
    const error = sh('head -c 600000000 /dev/zero | tr "\\0" a; echo; echo "E: at last"; exit 1');

    await expect(error).rejects.toThrow('E: at last');
  });

  it('does not begin when it is too late', async () => {
    const marker = join(directory, 'begun');

    await expect(sh(`: > ${marker}`, { signal: AbortSignal.abort(new Error('too late')) })).rejects.toThrow('too late');
    expect(() => openSync(marker, 'r')).toThrow('ENOENT');
  });

  it('ends with all its children when it is cancelled, though they would rather not', async () => {
    const impatient = new AbortController();
    const pids: number[] = [];
    const stubborn = `trap '' TERM; echo $$; sh -c "trap '' TERM; echo \\$\\$; sleep 600" & wait; sleep 600`;

    const running = sh(stubborn, {
      signal: impatient.signal,
      graceMs: 50,
      onLine: (line) => {
        pids.push(Number(line));
        if (pids.length === 2) impatient.abort(new Error('no patience'));
      },
    });

    await expect(running).rejects.toThrow('no patience');
    expect(pids).toHaveLength(2);
    for (const pid of pids) await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
  });

  it('says which program there is not', async () => {
    await expect(runStage({ name: 'trying', program: 'no-such-program', args: [], ...patiently })).rejects.toThrow(
      'no-such-program',
    );
  });
});

/** A child whose parent is gone stays a zombie until init has looked: that is not running. */
function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}
