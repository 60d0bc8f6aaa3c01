/**
 * That lines come to Loki in order and once, whatever happens on the way, as a Loki says that it has them: the strict
 * one, and a real one where there is one (`real-loki.ts`).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { line, UNSTOPPED } from '../../../ports/log-store.contract.ts';
import { type LokiFront, startLokiFront } from './testing/loki-front.ts';
import { type OpenLogs, openLogs, until } from './testing/open-logs.ts';
import { REAL } from './testing/real-loki.ts';
import { startStrictLoki } from './testing/strict-loki.ts';

let directory: string;
let installation: string;
let parts: AsyncDisposableStack;
let count = 0;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-loki-'));
  installation = `test-${process.pid}-${Date.now()}-handover-${count++}`;
  parts = new AsyncDisposableStack();
});
afterEach(async () => {
  await parts.disposeAsync();
  rmSync(directory, { recursive: true });
});

/** What Loki has, asked when nothing is kept here any more. */
async function linesAt(opened: OpenLogs): Promise<readonly string[]> {
  await opened.untilHandedOver();
  await opened.forget();
  const seen: string[] = [];
  for (let from: number | null = null; ; ) {
    const page = await opened.logs.read({ direction: 'forward', from, limit: 500 }, { signal: UNSTOPPED });
    seen.push(...page.lines.map(({ message }) => message));
    from = page.reached;
    if (page.isAtEnd) return seen;
  }
}

async function say(opened: OpenLogs, ...messages: readonly string[]): Promise<void> {
  await opened.logs.append(messages.map((message) => line(message, { at: Date.now() })));
}

describe.each(REAL === null ? ['strict'] : ['strict', 'real'])('a %s Loki', (kind) => {
  async function start(): Promise<{ readonly front: LokiFront; readonly opened: OpenLogs }> {
    const url = kind === 'real' && REAL !== null ? REAL : parts.use(await startStrictLoki()).url;
    const front = parts.use(await startLokiFront(url));
    return { front, opened: open(front) };
  }
  const open = ({ url }: LokiFront): OpenLogs => parts.use(openLogs({ directory, url, installation }));

  it('has many lines in order, and each once', async () => {
    const { front, opened } = await start();
    const all = Array.from({ length: 2_500 }, (_, index) => `line ${index}`);
    await say(opened, ...all);

    expect(await linesAt(opened)).toEqual(all);
    expect(front.pushes).toEqual([204, 204, 204]);
  });

  it('has lines in our order whatever the clock said', async () => {
    const { opened } = await start();
    const ats = [0, 5_000, -60_000, 5_001, -3 * 3_600_000].map((offset) => Date.now() + offset);
    for (const [index, at] of ats.entries()) {
      await opened.logs.append([line(`${index}`, { at, level: index % 2 === 0 ? 'info' : 'warn' })]);
      await opened.untilHandedOver();
    }

    expect(await linesAt(opened)).toEqual(ats.map((_, index) => `${index}`));
    expect(opened.archive.figures).toMatchObject({ taken: ats.length, refused: 0 });
  });

  it('that was away has what was said meanwhile', async () => {
    const { front, opened } = await start();
    await say(opened, 'before');
    await opened.untilHandedOver();
    await front.stop();
    await say(opened, 'meanwhile');
    await until(() => opened.archive.figures.retries > 0);
    await front.start();
    await say(opened, 'after');

    expect(await linesAt(opened)).toEqual(['before', 'meanwhile', 'after']);
  });

  it.each([429, 500, 503])('that answered %i is asked again', async (status) => {
    const { front, opened } = await start();
    front.fail({ status });
    await say(opened, 'one', 'two');
    await until(() => opened.archive.figures.retries > 0);
    front.fail(null);

    expect(await linesAt(opened)).toEqual(['one', 'two']);
  });

  it('that broke off after it had taken lines has them once, also by another server', async () => {
    const { front, opened } = await start();
    front.fail('unread');
    await say(opened, 'one', 'two');
    await until(() => opened.archive.figures.retries > 0);
    await opened[Symbol.asyncDispose]();
    front.fail(null);
    const next = open(front);
    await say(next, 'three');

    expect(await linesAt(next)).toEqual(['one', 'two', 'three']);
  });

  it('that refuses a line has the others of its batch', async () => {
    const { opened } = await start();
    const now = Date.now();
    await opened.logs.append([
      line('good', { at: now }),
      line('of the future', { at: now + 2 * 3_600_000 }),
      line('good too', { at: now + 1 }),
    ]);

    expect(await linesAt(opened)).toEqual(['good', 'good too']);
    expect(opened.archive.figures.refused).toBe(1);
  });
});
