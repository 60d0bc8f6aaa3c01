import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store } from '../store.ts';
import { anyExecution } from './arbitraries.contract.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { numberedId, sampleExecution } from './samples.contract.ts';

const VM = numberedId('vm', 1);
const OTHER_VM = numberedId('vm', 2);
const EXEC = numberedId('exec', 1);
const unknown = refusal('not_found', 'execution.unknown');

/** What is asked of the table of executions. */
export function executionTableContract(make: MakeStore): void {
  describe('executions', () => {
    it(
      'are read as they were written, whatever is in them',
      withStore(make, async ({ executions }) => {
        let number = 0;
        const anyOne = anyExecution({ id: EXEC });
        await fc.assert(
          fc.asyncProperty(anyOne, anyOne, async (first, second) => {
            const id = numberedId('exec', ++number);
            await executions.insert({ ...first, id });
            expect(await executions.get(id)).toEqual({ ...first, id });

            await executions.update({ ...second, id });
            expect(await executions.get(id)).toEqual({ ...second, id });
          }),
          { numRuns: 60 },
        );
      }),
    );

    it(
      'that are not there are null, and cannot be written',
      withStore(make, async ({ executions }) => {
        expect(await executions.get(EXEC)).toBeNull();
        await expect(executions.update(sampleExecution(1, VM))).rejects.toEqual(unknown);
      }),
    );

    it(
      'are listed newest first, by VM, page by page; those not final apart',
      withStore(make, async ({ executions }) => {
        const states = ['exited', 'exited', 'starting', 'lost', 'failed', 'running', 'exited'] as const;
        for (const [i, state] of states.entries()) {
          await executions.insert(sampleExecution(i, i % 2 === 0 ? VM : OTHER_VM, { state }));
        }
        const numbers = (list: readonly { readonly id: string }[]): readonly number[] =>
          list.map(({ id }) => states.findIndex((_state, i) => numberedId('exec', i) === id));

        expect(numbers(await executions.list({ limit: 3, after: null }))).toEqual([6, 5, 4]);
        expect(numbers(await executions.list({ limit: 9, after: numberedId('exec', 4) }))).toEqual([3, 2, 1, 0]);
        expect(numbers(await executions.list({ limit: 9, after: null, vmId: OTHER_VM }))).toEqual([5, 3, 1]);
        expect(numbers(await executions.list({ limit: 2, after: null, vmId: VM, offset: 1 }))).toEqual([4, 2]);
        expect(await executions.list({ limit: 2, after: null, vmId: VM, offset: 4 })).toEqual([]);
        expect(await executions.count({})).toBe(7);
        expect(await executions.count({ vmId: VM, owner: 'admin' })).toBe(4);
        expect(await executions.count({ vmId: VM, owner: 'nobody' })).toBe(0);
        expect(numbers(await executions.listActive())).toEqual([2, 5]);
        expect(numbers(await executions.listActive({ vmId: OTHER_VM }))).toEqual([5]);
        await executions.insert(sampleExecution(99, VM, { state: 'running', isWorkload: true }));
        expect(await executions.countActiveOf('admin')).toBe(2);
      }),
    );

    it(
      'that are finished go with their output by age, and all of them with their VM',
      withStore(make, async ({ executions }) => {
        const completed = (completedAt: number) => ({ state: 'exited', completedAt }) as const;
        await executions.insert(sampleExecution(1, VM, completed(100)));
        await executions.insert(sampleExecution(2, VM, completed(200)));
        await executions.insert(sampleExecution(3, VM));
        await executions.insert(sampleExecution(4, OTHER_VM, completed(300)));
        for (const number of [1, 3]) await executions.appendOutput(numberedId('exec', number), 'stdout', 0, bytes('x'));

        expect(await executions.deleteFinished({ completedBefore: 100, limit: 9 })).toBe(0);
        expect(await executions.deleteFinished({ completedBefore: 999, limit: 1 })).toBe(1);
        expect(await executions.outputLengths(EXEC)).toEqual({ stdout: 0, stderr: 0 });

        const ids = async () => (await executions.list({ limit: 9, after: null })).map(({ id }) => id);
        expect(await ids()).toEqual([4, 3, 2].map((number) => numberedId('exec', number)));
        expect(await executions.outputLengths(numberedId('exec', 3))).toEqual({ stdout: 1, stderr: 0 });

        expect(await executions.deleteOfVm(VM)).toBe(2);
        expect(await ids()).toEqual([numberedId('exec', 4)]);
        expect(await executions.outputLengths(numberedId('exec', 3))).toEqual({ stdout: 0, stderr: 0 });
      }),
    );
  });

  describe('kept output', () => {
    it(
      'is read from any offset up to any limit, however it came in pieces, and however often',
      withStore(make, async ({ executions }) => {
        let number = 0;
        const content = fc.uint8Array({ maxLength: 300 });
        const cuts = fc.array(fc.record({ at: fc.nat(300), again: fc.nat(40) }), { maxLength: 12 });
        const reads = fc.array(fc.record({ offset: fc.nat(320), limit: fc.nat(320) }), { maxLength: 12 });
        await fc.assert(
          fc.asyncProperty(content, cuts, reads, async (whole, pieces, looks) => {
            const id = numberedId('exec', ++number);
            await executions.insert(sampleExecution(number, VM));
            let kept = 0;
            for (const { at, again } of [...pieces, { at: whole.length, again: 0 }]) {
              // Begins before what is kept already, as a guest's does after a cut of the link.
              const start = Math.max(0, kept - again);
              await executions.appendOutput(id, 'stdout', start, whole.subarray(start, Math.max(start, at)));
              kept = Math.max(kept, Math.min(at, whole.length));
            }

            expect(await executions.outputLengths(id)).toEqual({ stdout: whole.length, stderr: 0 });
            for (const { offset, limit } of looks) {
              const read = await executions.readOutput(id, 'stdout', offset, limit);
              expect([...read]).toEqual([...whole.subarray(offset, offset + limit)]);
            }
          }),
          { numRuns: 60 },
        );
      }),
    );

    it(
      'is kept apart by stream and by execution',
      withStore(make, async ({ executions }) => {
        await executions.insert(sampleExecution(1, VM));
        await executions.insert(sampleExecution(2, VM));
        await executions.appendOutput(EXEC, 'stdout', 0, bytes('out'));
        await executions.appendOutput(EXEC, 'stderr', 0, bytes('error'));

        expect(await readText(executions, 'stdout')).toBe('out');
        expect(await readText(executions, 'stderr')).toBe('error');
        expect(await executions.outputLengths(numberedId('exec', 2))).toEqual({ stdout: 0, stderr: 0 });
      }),
    );

    it(
      'has no gaps',
      withStore(make, async ({ executions }) => {
        const gap = refusal('data_loss', 'store.output_gap', { kept_bytes: 3, offset: 4 });
        await executions.insert(sampleExecution(1, VM));
        await executions.appendOutput(EXEC, 'stdout', 0, bytes('abc'));

        await expect(executions.appendOutput(EXEC, 'stdout', 4, bytes('e'))).rejects.toEqual(gap);

        await executions.appendOutput(EXEC, 'stdout', 3, bytes('d'));
        expect(await readText(executions, 'stdout')).toBe('abcd');
      }),
    );

    it(
      'of a workload is the newest, also where something in between is missing',
      withStore(make, async ({ executions }) => {
        await executions.insert(sampleExecution(1, VM, { isWorkload: true }));
        const append = (offset: number, text: string, keepFrom = 0) =>
          executions.appendNewest(EXEC, 'stdout', { offset, bytes: bytes(text), keepFrom });
        const next = async (offset: number, limit = 100) => {
          const found = await executions.nextOutput(EXEC, 'stdout', offset, limit);
          return [found.offset, new TextDecoder().decode(found.bytes), ...(found.isBeforeGap ? ['gap'] : [])];
        };

        await append(0, 'abc');
        await append(0, 'abc');
        await append(2, 'cde');
        await append(10, 'k');
        await append(11, 'lm');
        expect(await next(0)).toEqual([0, 'abcde', 'gap']);
        // Also where what comes behind the gap lies beyond what is read.
        expect(await next(2, 4)).toEqual([2, 'cde', 'gap']);
        expect(await next(1, 2)).toEqual([1, 'bc']);
        expect(await next(5)).toEqual([10, 'klm']);
        expect(await next(12)).toEqual([12, 'm']);
        expect(await next(13)).toEqual([13, '']);
        expect(await executions.outputLengths(EXEC)).toEqual({ stdout: 13, stderr: 0 });

        await append(13, 'n', 4);
        expect(await next(0)).toEqual([3, 'de', 'gap']);
        await append(14, 'o', 13);
        expect(await next(0)).toEqual([13, 'no']);
        await expect(
          executions.appendNewest(numberedId('exec', 9), 'stdout', { offset: 0, bytes: bytes('x'), keepFrom: 0 }),
        ).rejects.toEqual(unknown);
      }),
    );

    it(
      'belongs to an execution that is there',
      withStore(make, async ({ executions }) => {
        await expect(executions.appendOutput(EXEC, 'stdout', 0, bytes('x'))).rejects.toEqual(unknown);
      }),
    );

    it(
      'may be large',
      withStore(make, async ({ executions }) => {
        const whole = new Uint8Array(3 * 1024 * 1024 + 17);
        for (let i = 0; i < whole.length; i += 1) whole[i] = (i * 31 + (i >> 12)) & 0xff;
        await executions.insert(sampleExecution(1, VM));

        await executions.appendOutput(EXEC, 'stdout', 0, whole);

        const tail = await executions.readOutput(EXEC, 'stdout', whole.length - 1000, 5000);
        expect([...tail]).toEqual([...whole.subarray(-1000)]);
        expect(Buffer.compare(await executions.readOutput(EXEC, 'stdout', 0, whole.length), whole)).toBe(0);
      }),
    );
  });
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function readText(executions: Store['executions'], stream: 'stdout' | 'stderr'): Promise<string> {
  return new TextDecoder().decode(await executions.readOutput(EXEC, stream, 0, 1000));
}
