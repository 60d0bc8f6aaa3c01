import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPinoLog, type PinoLogConfig } from './pino-log.ts';

function recording(level: PinoLogConfig['level']) {
  const lines: string[] = [];
  const log = createPinoLog({ level, stream: { write: (line: string) => lines.push(line) } });
  return { log, lines, entries: () => lines.map((line): unknown => JSON.parse(line)) };
}

describe('the log', () => {
  it('writes one JSON object a line', () => {
    const { log, lines, entries } = recording('info');

    log.info('vm started', { vmId: 'vm_1', durationMs: 12 });

    expect(lines).toEqual([expect.stringMatching(/^[^\n]*\n$/)]);
    expect(entries()).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        level: 'info',
        message: 'vm started',
        vmId: 'vm_1',
        durationMs: 12,
      },
    ]);
  });

  it('leaves out what is below its level', () => {
    const { log, entries } = recording('warn');

    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d', { error: new Error('why') });

    expect(entries()).toMatchObject([
      { level: 'warn', message: 'c' },
      { level: 'error', message: 'd', error: { message: 'why' } },
    ]);
  });

  it('adds a child’s fields to each of its lines, secrets hidden', () => {
    const { log, entries } = recording('debug');

    log.child({ vmId: 'vm_1', apiKey: 'x' }).child({ step: 'create-disk' }).debug('begun', { token: 'y' });

    expect(entries()).toMatchObject([
      { vmId: 'vm_1', step: 'create-disk', apiKey: '[hidden]', token: '[hidden]', message: 'begun' },
    ]);
  });
});

describe('a log that cannot be written', () => {
  it('is lost, and not the program with it', () => {
    const script = `
    import { createPinoLog } from ${JSON.stringify(join(import.meta.dirname, 'pino-log.ts'))};
    const log = createPinoLog({ level: 'info' });
    for (let i = 0; i < 20_000; i++) log.error('the disk is full', { text: 'x'.repeat(100) });
    setTimeout(() => {
      log.error('still');
      process.stdout.write(process.memoryUsage().rss < 300 * 1024 ** 2 ? 'lives on' : 'keeps it all');
    }, 50);
  `;
    const full = openSync('/dev/full', 'w');

    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', full],
    });
    closeSync(full);

    expect({ stdout, status }).toEqual({ stdout: 'lives on', status: 0 });
  });
});

interface Line {
  readonly level: string;
  readonly message: string;
  readonly i?: number;
  readonly lost?: number;
}

/** Writes more than anything holds for a reader, and lives on until its input ends. */
const CHATTY = `
  import { createPinoLog } from ${JSON.stringify(join(import.meta.dirname, 'pino-log.ts'))};
  const log = createPinoLog({ level: 'info' });
  for (let i = 0; i < 20_000; i++) log.info('a line', { i, text: 'x'.repeat(100) });
  setTimeout(() => process.stdout.write('lives on'), 50);
  process.stdin.resume();
`;

describe('a log that nobody reads', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'volary-stderr-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function start(stderr: 'pipe' | number): ChildProcess {
    const args = ['--input-type=module', '-e', CHATTY];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', stderr], timeout: 20_000 });
  }

  /** All lines that came, once it has said that some were lost. */
  async function finish(child: ChildProcess, stderr: Readable): Promise<readonly Line[]> {
    let text = '';
    for await (const chunk of stderr) {
      text += String(chunk);
      if (text.includes('were lost')) child.stdin?.end();
    }
    return text
      .trim()
      .split('\n')
      .map((each) => JSON.parse(each));
  }

  function expectLost(lines: readonly Line[]): void {
    const kept = lines.filter(({ message }) => message === 'a line').map(({ i }) => i);
    const lost = lines.find(({ level }) => level === 'warn')?.lost;
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, at) => at));
    expect(kept.length + Number(lost)).toBe(20_000);
    expect(kept.length).toBeLessThan(20_000);
  }

  it('over a socket holds nothing up, and says what was lost once somebody does', async () => {
    const child = start('pipe');
    if (child.stdout === null || child.stderr === null) throw new Error('it has no streams');
    expect(String((await once(child.stdout, 'data'))[0])).toBe('lives on');

    expectLost(await finish(child, child.stderr));
  });

  it('over a pipe holds nothing up, and says what was lost once somebody does', async () => {
    const path = join(directory, 'stderr');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writing = openSync(path, 'w');
    const child = start(writing);
    closeSync(writing);
    if (child.stdout === null) throw new Error('it has no stream');
    expect(String((await once(child.stdout, 'data'))[0])).toBe('lives on');

    expectLost(await finish(child, new Socket({ fd: reading, writable: false })));
  });
});
