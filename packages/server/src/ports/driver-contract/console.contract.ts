import { expect, test } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import type { ConsoleChunk, Driver } from '../driver.ts';
import type { DriverContext } from './subject.contract.ts';

/** `readConsole`. The guest's boot, and a line of its own, are what there is to read. */
export function consoleLaws({ driver, machine, options }: DriverContext): void {
  async function talkative(subject: Driver): Promise<VmId> {
    const spec = machine();
    await subject.createDisk(spec, options);
    await subject.startMachine(spec, options);
    await using link = await subject.openLink(spec.vmId, options);
    await link.writeFile('/dev/console', lines('one two three\n'), options);
    await untilSaid(subject, spec.vmId);
    return spec.vmId;
  }

  /** What a guest says is kept by somebody else, soon after. */
  async function untilSaid(subject: Driver, vmId: VmId): Promise<void> {
    const heard = new AbortController();
    const signal = AbortSignal.any([heard.signal, options.signal]);
    const seen: ConsoleChunk[] = [];
    for await (const chunk of subject.readConsole(vmId, { signal, offset: 0, follow: true })) {
      seen.push(chunk);
      if (join(seen).text.includes('one two three')) heard.abort();
    }
  }

  test('gives the bytes from an offset on', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsConsole, 'the driver keeps no console');
    const vmId = await talkative(subject);

    const whole = join(await collect(subject.readConsole(vmId, { ...options, offset: 0, follow: false })));
    const tail = join(await collect(subject.readConsole(vmId, { ...options, offset: 5, follow: false })));

    expect(whole.text).toContain('one two three');
    expect(whole.offset).toBe(0);
    expect(tail.offset).toBe(5);
    // The guest may have said more meanwhile.
    expect(tail.text.startsWith(whole.text.slice(5))).toBe(true);
  });

  test('keeps them over a restart of the machine, and gives nothing of a VM that is not there', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsConsole, 'the driver keeps no console');
    const vmId = await talkative(subject);

    await subject.endMachine(vmId, options);
    const kept = join(await collect(subject.readConsole(vmId, { ...options, offset: 0, follow: false })));
    await subject.deleteDisk(vmId, options);

    expect(kept.text).toContain('one two three');
    expect(await collect(subject.readConsole(vmId, { ...options, offset: 0, follow: true }))).toEqual([]);
  });

  test('follows until it is aborted', async ({ skip }) => {
    const subject = driver();
    skip(!subject.capabilities.supportsConsole, 'the driver keeps no console');
    const vmId = await talkative(subject);
    const controller = new AbortController();
    const seen: ConsoleChunk[] = [];

    await using link = await subject.openLink(vmId, options);
    for await (const chunk of subject.readConsole(vmId, {
      ...controller,
      signal: controller.signal,
      offset: 0,
      follow: true,
    })) {
      seen.push(chunk);
      const { text } = join(seen);
      if (text.includes('four five')) controller.abort();
      else if (text.includes('one two three')) await link.writeFile('/dev/console', lines('four five\n'), options);
    }

    expect(join(seen).text).toContain('four five');
  });
}

async function* lines(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The chunks as one text; fails if they do not follow one another. */
function join(chunks: readonly ConsoleChunk[]): { readonly offset: number; readonly text: string } {
  const offset = chunks[0]?.offset ?? 0;
  let next = offset;
  let text = '';
  for (const chunk of chunks) {
    expect(chunk.offset).toBe(next);
    next += chunk.bytes.length;
    text += new TextDecoder().decode(chunk.bytes);
  }
  return { offset, text };
}
