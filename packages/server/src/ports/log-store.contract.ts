import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseId, type VmId } from '../domain/ids.ts';
import type { GuestOutput, NewLogLine } from '../domain/logs/log-line.ts';
import { type LogQuery, PAGE_CHARACTERS, phrasesOf } from '../domain/logs/log-query.ts';
import type { LogStore } from './log-store.ts';

/** Two VMs of nobody's. */
export const [VM, OTHER] = [vmId('vm_01k8x0y6pbfqz9v3n4h5j6k7m8'), vmId('vm_01k8x0y6pbfqz9v3n4h5j6k7m9')];
/** Lines of today: what keeps them elsewhere may not take others. */
export const NOON = Date.now() - 3_600_000;
export const UNBOUNDED = { beforeMs: 0, maxBytesPerVm: Number.MAX_SAFE_INTEGER, maxBytes: Number.MAX_SAFE_INTEGER };

function vmId(text: string): VmId {
  const id = parseId('vm', text);
  if (id === null) throw new TypeError(`${text} is no id of a VM`);
  return id;
}

export function line(message: string, other: Partial<NewLogLine> = {}): NewLogLine {
  return {
    ...{
      at: NOON,
      level: 'info',
      source: 'engine',
      message,
      vmId: VM,
      owner: 'ann',
      operationId: null,
      executionId: null,
    },
    ...{ fields: {}, marks: [], ...other },
  };
}

export function output(text: string | Uint8Array, offset = 0, other: Partial<GuestOutput> = {}): GuestOutput {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return {
    ...{ key: 'console:first', source: 'console', vmId: VM, owner: 'ann', executionId: null, at: NOON },
    ...{ offset, bytes, isEnd: false, ...other },
  };
}

/** Of whoever reads to the end. */
export const UNSTOPPED = new AbortController().signal;

/** What every store of lines does. `open` gives one with nothing in it. */
export function logStoreContract(name: string, open: () => Promise<LogStore>): void {
  describe(`${name} fulfils the log store contract`, () => {
    let store: LogStore;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(() => store[Symbol.asyncDispose]());

    async function read(query: Partial<LogQuery> = {}) {
      return await store.read({ direction: 'forward', from: null, limit: 1_000, ...query }, { signal: UNSTOPPED });
    }
    async function messages(query: Partial<LogQuery> = {}): Promise<readonly string[]> {
      return (await read(query)).lines.map(({ message }) => message);
    }
    const search = async (text: string, query: Partial<LogQuery> = {}): Promise<readonly string[]> =>
      await messages({ phrases: phrasesOf(text) ?? [], ...query });

    it('gives back what it was given, in order, under growing numbers', async () => {
      const full = line('all of it', {
        fields: { a: [1, { b: null }] },
        marks: ['truncated', 'gap'],
        operationId: 'op_1',
      });
      await store.append([line('first'), full]);
      const last = await store.append([line('third', { vmId: null, owner: null, executionId: 'exec_1' })]);

      const page = await read();

      expect(page.lines.map(({ message }) => message)).toEqual(['first', 'all of it', 'third']);
      expect(page.lines[1]).toEqual({ ...full, sequence: last - 1 });
      expect(page).toMatchObject({ reached: last, isAtEnd: true });
      expect(await store.last()).toBe(last);
    });

    it('is read page by page in both directions, each line once', async () => {
      await store.append(Array.from({ length: 25 }, (_, at) => line(`${at}`)));
      for (const direction of ['forward', 'backward'] as const) {
        const seen: string[] = [];
        for (let from: number | null = null; ; ) {
          const page = await read({ direction, from, limit: 10 });
          seen.push(...page.lines.map(({ message }) => message));
          from = page.reached;
          if (page.isAtEnd) break;
        }
        const all = Array.from({ length: 25 }, (_, at) => `${at}`);
        expect(seen).toEqual(direction === 'forward' ? all : all.toReversed());
      }
    });

    it('is read in pages that end early where lines are long, each line once', async () => {
      const long = Array.from({ length: 40 }, (_, at) => line(`${at} ${'x'.repeat(16_000)}`));
      await store.append(long);
      const all = long.map((_, at) => `${at}`);
      for (const direction of ['forward', 'backward'] as const) {
        const seen: string[] = [];
        for (let from: number | null = null; ; ) {
          const page = await read({ direction, from });
          // Twice as much, where what is here is read together with what is elsewhere.
          expect(page.lines.length).toBeLessThan((2.1 * PAGE_CHARACTERS) / 16_000);
          seen.push(...page.lines.map(({ message }) => message.split(' ')[0] ?? ''));
          from = page.reached;
          if (page.isAtEnd) break;
        }
        expect(seen).toEqual(direction === 'forward' ? all : all.toReversed());
      }
    });

    it('narrows by VM, owner, operation, command, source, level and time', async () => {
      await store.append([
        line('a'),
        line('b', { vmId: OTHER, owner: 'bob', level: 'error' }),
        line('c', { operationId: 'op_1', level: 'debug' }),
        line('d', { executionId: 'exec_1', source: 'execution', at: NOON + 5_000 }),
        line('e', { vmId: null, owner: null, source: 'server', level: 'warn', at: NOON - 5_000 }),
      ]);

      expect(await messages({ vmId: OTHER })).toEqual(['b']);
      expect(await messages({ owner: 'ann' })).toEqual(['a', 'c', 'd']);
      expect(await messages({ owner: 'ann', vmId: OTHER })).toEqual([]);
      expect(await messages({ operationId: 'op_1' })).toEqual(['c']);
      expect(await messages({ executionId: 'exec_1' })).toEqual(['d']);
      expect(await messages({ sources: ['server', 'execution'] })).toEqual(['d', 'e']);
      expect(await messages({ minLevel: 'warn' })).toEqual(['b', 'e']);
      expect(await messages({ sinceMs: NOON, untilMs: NOON + 1 })).toEqual(['a', 'b', 'c']);
      expect(await messages({ sinceMs: NOON + 5_001 })).toEqual([]);
      expect(await messages({ minLevel: 'error', direction: 'backward', untilMs: NOON })).toEqual([]);
    });

    it('finds words wherever they are, in any case and order, and phrases as such', async () => {
      await store.append([
        line('Connection REFUSED by peer'),
        line('user=42 logged in'),
        line('42 users logged in'),
        line('café ouvert'),
        line('of another VM: refused', { vmId: OTHER }),
      ]);

      expect(await search('refused')).toEqual(['Connection REFUSED by peer', 'of another VM: refused']);
      expect(await search('refused', { vmId: OTHER })).toEqual(['of another VM: refused']);
      expect(await search('peer connection')).toEqual(['Connection REFUSED by peer']);
      expect(await search('user=42')).toEqual(['user=42 logged in']);
      expect(await search('cafe')).toEqual(['café ouvert']);
      expect(await search('refuse')).toEqual([]);
    });

    it.each([
      '"',
      '" OR "x',
      'a AND b',
      'NOT x',
      'subject:s1',
      'NEAR(a b)',
      'x*',
      '^x',
      '(',
      '{a b}:c',
      '-x',
      "';--",
      '\u0000x',
    ])('takes %j for words and nothing else', async (text) => {
      await store.append([line('nothing of the kind'), line(`this: ${text}`)]);
      const phrases = phrasesOf(text);
      if (phrases === null) return;
      expect(await search(text)).toEqual([`this: ${text}`]);
    });

    it('moves a cursor from where it was seen only', async () => {
      await store.append([line('one')], { key: 'events', from: 0, to: 5 });
      await store.append([line('from elsewhere')], { key: 'events', from: 4, to: 9 });
      await store.append([line('from the beginning')], { key: 'events', from: 0, to: 9 });
      expect(await store.cursor('events')).toBe(5);
      await store.append([line('two')], { key: 'events', from: 5, to: 9 });

      expect(await store.cursor('events')).toBe(9);
      expect(await messages()).toEqual(['one', 'two']);
    });

    it('moves a cursor with the lines that belong to it, once', async () => {
      expect(await store.cursor('events')).toBeNull();
      await store.append([line('one')], { key: 'events', to: 7 });
      await store.append([line('one')], { key: 'events', to: 7 });
      await store.append([line('two')], { key: 'events', to: 9 });

      expect(await messages()).toEqual(['one', 'two']);
      expect(await store.cursor('events')).toBe(9);
      expect(await store.cursors('ev')).toEqual([{ key: 'events', position: 9 }]);
      expect(await store.cursors('E%')).toEqual([]);
      await store.dropCursors(['events', 'unknown']);
      expect(await store.cursor('events')).toBeNull();
    });

    it('splits what a guest wrote into lines, wherever it was cut, each once', async () => {
      const text = Array.from({ length: 300 }, (_, at) => `line ${at} ü\r\n`).join('');
      const bytes = new TextEncoder().encode(text);
      let next = 0;
      for (let end = 0; end < bytes.length; ) {
        end = Math.min(bytes.length, end + 97);
        const from = Math.max(0, next - 40);
        ({ next } = await store.appendOutput(output(bytes.subarray(from, end), from)));
      }

      expect(await messages()).toEqual(Array.from({ length: 300 }, (_, at) => `line ${at} ü`));
      expect(await store.cursor('console:first')).toBe(bytes.length);
    });

    it('keeps what has no end yet for later, unless nothing comes any more', async () => {
      const { next } = await store.appendOutput(output('login: '));
      expect({ next, lines: await messages() }).toEqual({ next: 0, lines: [] });

      await store.appendOutput(output('login: ', 0, { isEnd: true }));

      expect(await messages()).toEqual(['login: ']);
    });

    it('makes a line of what has no end where nothing comes for a while, and says so; what comes then is the next one', async () => {
      const { next } = await store.appendOutput(output('ready\nlogin: ', 0, { isPaused: true }));
      await store.appendOutput(output('ann\n', next, { isPaused: true }));

      const { lines } = await read();
      expect(lines.map(({ message, marks }) => [message, marks])).toEqual([
        ['ready', []],
        ['login: ', ['partial']],
        ['ann', []],
      ]);
    });

    it('skips the rest of a line that was cut also where it comes in pauses', async () => {
      const long = new Uint8Array(20_000).fill(120);
      await store.appendOutput(output(long, 0, { isPaused: true }));
      await store.appendOutput(output(long, long.length, { isPaused: true }));
      await store.appendOutput(output('end\nnext\n', 2 * long.length));

      const { lines } = await read();
      expect(lines.map(({ message, marks }) => [message.length, marks])).toEqual([
        [16_384, ['truncated']],
        [4, []],
      ]);
    });

    it('cuts a line of ten megabytes, says so, and goes on behind it', async () => {
      const long = new Uint8Array(10 * 1024 * 1024).fill(120);
      for (let at = 0; at < long.length; at += 65_536)
        await store.appendOutput(output(long.subarray(at, at + 65_536), at));
      await store.appendOutput(output('rest of it\nnext\n', long.length));

      const { lines } = await read();

      expect(lines.map(({ message, marks }) => [message.length, marks])).toEqual([
        [16_384, ['truncated']],
        [4, []],
      ]);
    });

    it('takes bytes that are no text, and says so', async () => {
      const noise = Uint8Array.from({ length: 4_096 }, (_, at) => (at * 167 + 13) % 256);
      await store.appendOutput(output(noise, 0, { isEnd: true }));
      await store.appendOutput(output('text\n', noise.length));

      const { lines } = await read();

      expect(lines.length).toBeGreaterThan(10);
      expect(lines.some(({ marks }) => marks.includes('invalid_utf8'))).toBe(true);
      expect(lines.at(-1)).toMatchObject({ message: 'text', marks: [] });
    });

    it('tells what is missing', async () => {
      await store.appendOutput(output('a\n'));
      await store.appendOutput(output('b\n', 1_002));

      const { lines } = await read();

      expect(lines.map(({ marks, fields }) => [marks, fields])).toEqual([
        [[], {}],
        [['gap'], { missing_bytes: 1_000 }],
        [[], {}],
      ]);
    });

    it('sees how grave a line of a guest is where it says so', async () => {
      const said = ['ok', 'WARN low', '{"level":"error","m":1}', 'level=debug x', '[error] y', 'an Error of mine'];
      await store.appendOutput(output(`${said.join('\n')}\n`));
      await store.appendOutput(output('oh\nINFO fine\n', 0, { key: 'stderr:1', source: 'stderr' }));

      expect((await read()).lines.map(({ level }) => level)).toEqual([
        ...['info', 'warn', 'error', 'debug', 'error', 'info'],
        ...['warn', 'info'],
      ]);
    });

    it('lets nobody wait for a guest that says a lot', async () => {
      const flood = new TextEncoder().encode('all work and no play\n'.repeat(50_000));
      let isOver = false;
      const flooding = store.appendOutput(output(flood)).then(() => {
        isOver = true;
      });
      await store.append([line('a word', { vmId: OTHER })]);

      expect({ isOver, lines: await messages({ vmId: OTHER }) }).toEqual({ isOver: false, lines: ['a word'] });
      await flooding;
      expect((await read({ limit: 1, direction: 'backward' })).lines[0]?.message).toBe('all work and no play');
    });

    it('says what it takes, and from when on it has lines', async () => {
      expect((await store.usage()).oldestAt).toBeNull();
      const { bytes } = await store.usage();

      await store.append([
        line('x'.repeat(4_096), { at: NOON - 1 }),
        ...Array.from({ length: 99 }, () => line('x'.repeat(4_096))),
      ]);

      const after = await store.usage();
      expect(after.oldestAt).toBe(NOON - 1);
      expect(after.bytes - bytes).toBeGreaterThan(100 * 4_096);
    });

    it('never gives a number twice, though the last lines are gone', async () => {
      const last = await store.append([line('gone', { at: NOON - 1 })]);
      await store.prune({ ...UNBOUNDED, beforeMs: NOON });

      expect(await store.append([line('new')])).toBe(last + 1);
      expect(await messages({ from: last })).toEqual(['new']);
    });

    it('has given all numbers of its lines, also of those that are gone', async () => {
      const last = await store.append([line('one'), line('two'), line('three')]);
      await store.prune({ ...UNBOUNDED, beforeMs: NOON + 1 });

      expect(await store.neverGiven(last - 3, last)).toBe(0);
    });

    it('reads for nobody who has gone', async () => {
      await store.append([line('here')]);
      const reason = new Error('gone');
      const all = { direction: 'forward', from: null, limit: 10 } as const;
      await expect(store.read(all, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);

      const stop = new AbortController();
      const reading = store.read(all, { signal: stop.signal });
      stop.abort(reason);
      await expect(reading).rejects.toBe(reason);
    });
  });
}
