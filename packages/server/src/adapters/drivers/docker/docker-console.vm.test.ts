import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import { runInGuest } from '../qemu/run-in-guest.fixture.ts';
import { startTestEngine, type TestEngine } from './docker-engine.fixture.ts';
import { type DockerHost, makeDockerHost } from './docker-host.fixture.ts';

const options = { signal: new AbortController().signal };
/** Of three bursts; together they are more than the engine keeps. */
const MANY_LINES = 40_000;

const engine = await startTestEngine();

if ('whyNot' in engine) it('consoles of containers', ({ skip }) => skip(engine.whyNot));
else describe('the console of a container', () => testConsoles(engine));

function testConsoles(engine: TestEngine): void {
  let host: DockerHost;
  let driver: Driver;
  let machine: DiskSpec;

  beforeAll(async () => {
    host = await makeDockerHost(engine.socketPath);
  });
  beforeEach(() => {
    driver = host.makeDriver();
    machine = host.makeMachine();
  });
  afterEach(async () => {
    await driver.endMachine(machine.vmId, options);
    await driver.deleteDisk(machine.vmId, options);
    await driver[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  async function say(command: string): Promise<void> {
    await using link = await driver.openLink(machine.vmId, options);
    await runInGuest(link, `(${command}) > /dev/console`);
  }

  /** What the console says from an offset on, without a byte missing, until it has said `end`. */
  async function hear(end: string, from = 0): Promise<{ readonly text: string; readonly next: number }> {
    const heard = new AbortController();
    const parts: string[] = [];
    let next = from;
    let last = '';
    const reading = { offset: from, follow: true, signal: heard.signal };
    for await (const { offset, bytes } of driver.readConsole(machine.vmId, reading)) {
      expect(offset).toBe(next);
      next += bytes.length;
      const text = Buffer.from(bytes).toString('latin1');
      parts.push(text);
      last = (last + text).slice(-text.length - end.length);
      if (last.includes(end)) heard.abort();
    }
    return { text: parts.join(''), next };
  }

  const numbered = (text: string): readonly number[] =>
    [...text.matchAll(/^line (\d+)\r$/gm)].map(([, number]) => Number(number));

  it('has each line once and in order over lives of the container, of the server and of the engine', async () => {
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
    await say('for i in 1 2 3; do echo line $i; done');
    const first = await hear('line 3\r\n');

    await driver[Symbol.asyncDispose]();
    driver = host.makeDriver();
    await say('for i in 4 5; do echo line $i; done');
    const second = await hear('line 5\r\n', first.next);
    expect(numbered(second.text)).toEqual([4, 5]);

    await driver.endMachine(machine.vmId, options);
    await driver.startMachine({ ...machine, incarnation: 2 }, options);
    await say('for i in 6 7; do echo line $i; done');
    await hear('line 7\r\n', second.next);

    await engine.kill();
    await engine.start();
    await driver.endMachine(machine.vmId, options);
    await driver.startMachine({ ...machine, incarnation: 3 }, options);
    await say('for i in 8 9; do echo line $i; done');

    expect(numbered((await hear('line 9\r\n')).text)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await driver[Symbol.asyncDispose]();
    driver = host.makeDriver();
    expect(numbered((await hear('line 9\r\n')).text)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('goes on where the engine begins its log anew, and keeps the offsets of what it has', async () => {
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
    const hearing = hear(`line ${3 * MANY_LINES}\r\n`);

    for (const burst of [1, 2, 3]) {
      await say(`seq -f 'line %.0f' ${(burst - 1) * MANY_LINES + 1} ${burst * MANY_LINES}`);
      await hear(`line ${burst * MANY_LINES}\r\n`);
    }

    const numbers = numbered((await hearing).text);
    expect(numbers).toHaveLength(3 * MANY_LINES);
    expect(numbers.every((number, at) => number === at + 1)).toBe(true);
  });

  it('has a line as long as it is, however the engine keeps it, also when it is taken in two parts', async () => {
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
    await say('head -c 40000 /dev/zero | tr "\\0" x');
    const { next } = await hear('x'.repeat(100));
    await driver[Symbol.asyncDispose]();
    driver = host.makeDriver();

    await say('echo " end"');

    await hear(' end\r\n', next);
    expect((await hear(' end\r\n')).text).toMatch(/(^|\n)x{40000} end\r\n$/);
  });
}
