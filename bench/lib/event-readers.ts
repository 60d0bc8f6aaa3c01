/**
 * Follows a stream of events so many times over, on connections of its own, and measures how long each event takes from when it
 * happened (`"at"`) to each reader. `node event-readers.ts URL KEY COUNT`; prints a line when all are connected, and when
 * its input ends, a line of JSON with what was measured.
 */
import { connect, type Socket } from 'node:net';
import { quantile } from './stats.ts';

export interface ReaderReport {
  /** Events that came to the reader that had the fewest, and the most. */
  readonly fewest: number;
  readonly most: number;
  /** True when some reader had an event twice, or out of order, or missed one. */
  readonly hasGaps: boolean;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const [url = '', key = '', count = '1'] = process.argv.slice(2);
const { hostname, port, pathname } = new URL(url);
const HEAD = `GET ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${key}\r\naccept: text/event-stream\r\n\r\n`;
const EVENT = /"sequence":(\d+),.*?"at":"([^"]+)"/g;

const latenciesMs: number[] = [];
const readers: { events: number; last: number; hasGap: boolean; rest: string }[] = [];
const sockets: Socket[] = [];
for (let i = 0; i < Number(count); i++) sockets.push(await open());
process.stdout.write('connected\n');
process.stdin.resume().once('end', report);

function open(): Promise<Socket> {
  const reader = { events: 0, last: 0, hasGap: false, rest: '' };
  readers.push(reader);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(HEAD)).setEncoding('latin1');
    socket.once('error', reject).once('data', () => resolve(socket));
    socket.on('data', (chunk: string) => {
      const now = Date.now();
      const text = reader.rest + chunk;
      const end = text.lastIndexOf('\n\n');
      reader.rest = text.slice(end + 1);
      for (const [, sequence, at = ''] of text.slice(0, end + 1).matchAll(EVENT)) {
        latenciesMs.push(now - Date.parse(at));
        if (reader.last !== 0 && Number(sequence) !== reader.last + 1) reader.hasGap = true;
        reader.last = Number(sequence);
        reader.events += 1;
      }
    });
  });
}

function report(): void {
  const counts = readers.map(({ events }) => events);
  const measured: ReaderReport = {
    fewest: Math.min(...counts),
    most: Math.max(...counts),
    hasGaps: readers.some(({ hasGap }) => hasGap),
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    maxMs: quantile(latenciesMs, 1),
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  for (const socket of sockets) socket.destroy();
}
