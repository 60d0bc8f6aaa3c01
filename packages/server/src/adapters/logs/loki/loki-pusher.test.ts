import { describe, expect, it } from 'vitest';
import { line, UNBOUNDED, UNSTOPPED } from '../../../ports/log-store.contract.ts';
import { entriesOf, openLogs, until } from './testing/open-logs.ts';
import { startStrictLoki } from './testing/strict-loki.ts';
import { linesOf, said, useHandover } from './testing/use-handover.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const handover = useHandover();
const { start, passUntil, handOver, say } = handover;

describe('lines', () => {
  it('come to Loki in order, zipped, many at a time, with few labels', async () => {
    const { loki, opened } = await start();
    const all = Array.from({ length: 2_500 }, (_, index) => `line ${index}`);
    await say(opened, ...all);
    await handOver(opened);

    expect(linesOf(loki)).toEqual(all);
    expect(loki.pushes.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(loki.pushes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(2_500 * 40);
    expect([...loki.streams.values()].map(({ labels }) => labels)).toEqual([
      { service_name: 'volary', installation: 'host_test', source: 'engine', level: 'info' },
    ]);
    expect(opened.archive.figures).toEqual({ taken: 2_500, refused: 0, lost: 0, retries: 0, waiting: 0 });
  });

  it('have times that grow as their numbers do, whatever the clock said', async () => {
    const { loki, opened } = await start();
    const ats = [0, 5_000, -60_000, 5_000, 5_001, -3 * HOUR_MS].map((offset) => handover.clock.now() + offset);
    for (const [index, at] of ats.entries()) {
      await opened.logs.append([line(`${index}`, { at, level: index % 2 === 0 ? 'info' : 'warn' })]);
      await handOver(opened);
    }

    expect(linesOf(loki)).toEqual(ats.map((_, index) => `${index}`));
    expect(new Set(entriesOf(loki).map(({ time }) => time)).size).toBe(ats.length);
    expect(loki.refusals).toEqual([]);
  });

  it('are in batches that Loki takes, however long they are', async () => {
    const { loki, opened } = await start({ limits: { ingestionBurstBytes: 1_500_000 } });
    await say(opened, ...Array.from({ length: 200 }, (_, index) => `${index} ${'ü'.repeat(8_000)}`));
    await handOver(opened);

    expect(linesOf(loki)).toHaveLength(200);
    expect(loki.pushes.filter(({ status }) => status === 204).length).toBeGreaterThan(2);
  });

  it('that were kept here before there was a Loki come too', async () => {
    const loki = handover.use(await startStrictLoki());
    const { url } = loki;
    {
      await using before = openLogs({
        directory: handover.directory,
        url: 'http://127.0.0.1:1',
        clock: handover.clock,
      });
      await say(before, 'before');
    }
    const opened = handover.use(openLogs({ directory: handover.directory, url, clock: handover.clock }));
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['before']);
  });
});

describe('a Loki that is away for an hour', () => {
  it('gets all that was said meanwhile, in order and once', async () => {
    const { loki, opened } = await start();
    await say(opened, 'first');
    await handOver(opened);
    await loki.stop();
    const all = ['first'];
    for (let minute = 0; minute < 60; minute++) {
      all.push(`minute ${minute}`);
      await say(opened, `minute ${minute}`);
      await until(() => handover.clock.sleeperCount > 0);
      await handover.clock.advance(MINUTE_MS);
    }
    expect(await opened.archive.whyNot()).toBe(
      'Loki cannot be worked with: the connection was refused. 60 lines wait in the log here.',
    );
    const { retries } = opened.archive.figures;
    await loki.start();
    await handOver(opened);

    expect(linesOf(loki)).toEqual(all);
    expect(retries).toBeLessThan(200);
    expect(await opened.archive.whyNot()).toBeNull();
    expect(opened.archive.figures).toMatchObject({ taken: 61, lost: 0, refused: 0, waiting: 0 });
    expect(opened.told.map(([message]) => message)).toEqual([
      'Loki takes no lines: they wait in the log here',
      'Loki takes lines again',
    ]);
  });

  it('gets the latest that there was room for, and it is counted and said what was dropped', async () => {
    const { loki, opened } = await start();
    await loki.stop();
    await say(opened, 'sent before the rest');
    await passUntil(() => opened.archive.figures.retries > 0);
    const all = Array.from({ length: 3_000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    await say(opened, ...all);
    await opened.logs.prune({ ...UNBOUNDED, maxBytesPerVm: 100_000 });
    const kept = (await opened.local.read({ direction: 'forward', from: null, limit: 5_000 }, { signal: UNSTOPPED }))
      .lines.length;
    await loki.start();
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['sent before the rest', ...all.slice(-kept)]);
    expect(opened.archive.figures).toMatchObject({ taken: kept + 1, lost: 3_000 - kept });
    expect(kept).toBeLessThan(1_000);
    expect(said(opened, /wait for Loki are dropped/)).toHaveLength(1);
    expect(opened.told).toContainEqual([
      'lines were dropped before Loki took them: more came meanwhile than is kept here',
      { lines: 3_000 - kept },
    ]);
  });
});

describe('Loki', () => {
  it.each([429, 500, 503, 401, 404, 260])('that answers %i is asked again, and nothing is lost', async (status) => {
    const { loki, opened } = await start();
    loki.fail({ status, body: 'not now' });
    await say(opened, 'one', 'two');
    await passUntil(() => opened.archive.figures.retries > 0);
    expect(await opened.archive.whyNot()).toContain(`it answers with ${status}`);
    loki.fail(null);
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['one', 'two']);
    expect(opened.archive.figures).toMatchObject({ taken: 2, refused: 0, lost: 0 });
  });

  it('is left alone for as long as it asks for', async () => {
    const { loki, opened } = await start();
    loki.fail({ status: 429, headers: { 'retry-after': '120' } });
    await say(opened, 'one');
    await passUntil(() => opened.archive.figures.retries === 1);
    await until(() => handover.clock.sleeperCount > 0);
    await handover.clock.advance(119_000);
    expect(loki.pushes).toHaveLength(1);
    loki.fail(null);
    await handover.clock.advance(1_000);
    await passUntil(() => opened.archive.figures.taken === 1);

    expect(loki.pushes).toHaveLength(2);
  });

  it('that is too slow for what comes gets it all in the end', async () => {
    const { loki, opened } = await start({
      limits: { ingestionBytesPerSecond: 100_000, ingestionBurstBytes: 400_000 },
    });
    const all = Array.from({ length: 5_000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    await say(opened, ...all);
    await handOver(opened);

    expect(linesOf(loki)).toEqual(all);
    expect(loki.refusals).toContain('rate_limited');
  });

  it('that breaks off after it has taken lines has them once', async () => {
    const { loki, opened } = await start();
    loki.fail('unread');
    await say(opened, 'one', 'two');
    await passUntil(() => opened.archive.figures.retries > 1);
    loki.fail(null);
    await handOver(opened);
    await opened.forget();

    const { lines } = await opened.logs.read({ direction: 'forward', from: null, limit: 10 }, { signal: UNSTOPPED });
    expect(lines.map(({ message }) => message)).toEqual(['one', 'two']);
  });

  it('gets what is good of a batch, and what is bad is counted, said, and not sent again', async () => {
    const { loki, opened } = await start({ limits: { lineBytes: 1_000 } });
    const now = handover.clock.now();
    await opened.logs.append([
      line(`of great length ${'x'.repeat(1_000)}`, { at: now }),
      ...Array.from({ length: 40 }, (_, index) => line(`good ${index}`, { at: now })),
      line('of the future', { at: now + HOUR_MS }),
      line('after it', { at: now + 1 }),
    ]);
    await handOver(opened);

    expect(linesOf(loki).filter((each) => each.startsWith('of'))).toEqual([]);
    const once = [...new Set(linesOf(loki))];
    expect(once).toEqual([...Array.from({ length: 40 }, (_, index) => `good ${index}`), 'after it']);
    expect(opened.archive.figures).toMatchObject({ taken: 41, refused: 2 });
    expect(said(opened, /refuses lines/)).toHaveLength(1);
    expect(await opened.archive.whyNot()).toBeNull();
    const { length } = loki.pushes;
    await say(opened, 'next');
    await handOver(opened);
    expect(loki.pushes).toHaveLength(length + 1);
  });

  it('that refuses everything loses nothing by it, and is said not to be well', async () => {
    const { loki, opened } = await start();
    await say(opened, 'before');
    await handOver(opened);
    const position = await opened.local.cursor('loki:position');
    loki.fail({ status: 400, body: 'structured metadata is not allowed at 10.1.2.3' });
    const all = Array.from({ length: 1_500 }, (_, index) => `line ${index}`);
    const before = loki.pushes.length;
    await say(opened, ...all);
    await passUntil(() => opened.archive.figures.retries === 3);

    expect(loki.pushes.length - before).toBeLessThan(60);
    expect(opened.archive.figures).toMatchObject({ taken: 1, refused: 0, lost: 0, waiting: 1_500 });
    expect(await opened.local.cursor('loki:position')).toBe(position);
    expect(await opened.archive.whyNot()).toBe(
      'Loki cannot be worked with: it refuses every line: it answers with 400 (it does not take it as it is). 1500 lines wait in the log here.',
    );
    expect(said(opened, /takes no lines/)).toEqual([
      [
        'Loki takes no lines: they wait in the log here',
        expect.objectContaining({ said: 'structured metadata is not allowed at 10.1.2.3' }),
      ],
    ]);
    expect(said(opened, /refuses lines/)).toEqual([]);

    loki.fail(null);
    await handOver(opened);
    expect(linesOf(loki)).toEqual(['before', ...all]);
    expect(opened.archive.figures).toMatchObject({ taken: 1_501, refused: 0, lost: 0, waiting: 0 });
    expect(await opened.archive.whyNot()).toBeNull();
  });

  it('that refuses everything gets the latest that there was room for, and the rest is counted and said', async () => {
    const { loki, opened } = await start();
    loki.fail({ status: 400 });
    const all = Array.from({ length: 3_000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    await say(opened, ...all);
    await passUntil(() => opened.archive.figures.retries > 0);
    await opened.logs.prune({ ...UNBOUNDED, maxBytesPerVm: 100_000 });
    const kept = (await opened.local.read({ direction: 'forward', from: null, limit: 5_000 }, { signal: UNSTOPPED }))
      .lines.length;
    loki.fail(null);
    await handOver(opened);

    expect(linesOf(loki)).toEqual(all.slice(-kept));
    expect(opened.archive.figures).toMatchObject({ taken: kept, refused: 0, lost: 3_000 - kept });
    expect(said(opened, /wait for Loki are dropped/)).toHaveLength(1);
  });

  it('that takes others passes a line that it refuses, also where there is no other', async () => {
    const { loki, opened } = await start({ limits: { lineBytes: 1_000 } });
    await say(opened, 'x'.repeat(1_001));
    await handOver(opened);
    expect(opened.archive.figures).toMatchObject({ taken: 0, refused: 1, retries: 0, waiting: 0 });
    expect(await opened.archive.whyNot()).toContain('it answers with 400');
    await say(opened, 'good');
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['good']);
    expect(await opened.archive.whyNot()).toBeNull();
  });

  it('that takes nothing as old as what waits gets what is younger', async () => {
    const { loki, opened } = await start();
    await loki.stop();
    await say(opened, ...Array.from({ length: 1_100 }, (_, index) => `old ${index}`));
    await passUntil(() => opened.archive.figures.retries > 0);
    await handover.clock.advance(8 * 24 * HOUR_MS);
    await loki.start();
    await say(opened, 'young');
    await handOver(opened);

    expect(linesOf(loki)).toEqual(['young']);
    expect(opened.archive.figures).toMatchObject({ taken: 1, refused: 1_100, lost: 0 });
  });

  it('is spoken to as whom the address says, which nobody else is told', async () => {
    const loki = handover.use(await startStrictLoki({ credentials: 'zoe:s3cr=t/x', hasTenants: true }));
    const url = loki.url.replace('//', `//zoe:${encodeURIComponent('s3cr=t/x')}@`);
    const opened = handover.use(
      openLogs({ directory: handover.directory, url, clock: handover.clock, tenant: 'team' }),
    );
    await say(opened, 'one');
    await handOver(opened);
    expect(linesOf(loki)).toEqual(['one']);
    await loki.stop();
    await say(opened, 'two');
    await passUntil(() => opened.archive.figures.retries > 0);

    expect(JSON.stringify([opened.told, await opened.archive.whyNot()])).not.toMatch(/s3cr|zoe|127\.0\.0\.1/);
  });
});

it('what is not handed over when a server ends is by the next one, with the same times', async () => {
  const { loki, opened } = await start();
  loki.fail('unread');
  await say(opened, 'one', 'two');
  await passUntil(() => opened.archive.figures.retries > 0);
  await opened[Symbol.asyncDispose]();
  loki.fail(null);

  const next = handover.reopen(loki);
  await handOver(next);
  await say(next, 'three');
  await handOver(next);

  const times = entriesOf(loki).map((entry) => `${entry.time} ${entry.line}`);
  expect(new Set(times).size).toBe(3);
});
