/**
 * Follows the events of a dialect so many times over, on connections of its own. `node dialect-readers.ts URL KEY COUNT [MESSAGE]`: a WebSocket where
 * the address begins with `ws:`, which sends the message first, else server-sent events. Prints a line when all are connected. When its input ends, which
 * is JSON of when each event happened, by its sequence, it prints a line of JSON with what was measured: how long each event
 * took to each reader.
 */
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ReaderReport } from './event-readers.ts';
import { quantile } from './stats.ts';

const [address = '', key = '', count = '1', message = ''] = process.argv.slice(2);
const { protocol, hostname, port, pathname } = new URL(address);
const isSocket = protocol === 'ws:';
const HEAD = [
  `GET ${pathname} HTTP/1.1`,
  `host: ${hostname}:${port}`,
  `authorization: Bearer ${key}`,
  ...(isSocket
    ? [
        ...['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-version: 13'],
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      ]
    : ['accept: text/event-stream']),
  '\r\n',
].join('\r\n');
/** The whole of a number, however it was cut into packets. */
const SEQUENCE = isSocket ? /"sequence":(\d+)[,}]/g : /id: (\d+)\n/g;
/** Begins what it is about with its greeting, of which there are two when the message has changed what is followed. */
const GREETINGS = isSocket ? (message === '' ? 1 : 2) : 0;
const LONGEST_MATCH = 40;

interface Arrival {
  readonly sequence: number;
  readonly atMs: number;
}
interface Reader {
  readonly arrivals: Arrival[];
  greetings: number;
  rest: string;
}

const readers: Reader[] = [];
const sockets: Socket[] = [];
for (let i = 0; i < Number(count); i++) sockets.push(await open());
process.stdout.write('connected\n');
report(JSON.parse(await text(process.stdin)));

function open(): Promise<Socket> {
  const reader: Reader = { arrivals: [], greetings: 0, rest: '' };
  readers.push(reader);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(HEAD);
      if (message !== '') socket.write(frameOf(message));
    }).setEncoding('latin1');
    socket.once('error', reject);
    socket.on('data', (chunk: string) => {
      take(reader, chunk);
      if (reader.greetings >= GREETINGS) resolve(socket);
    });
  });
}

function take(reader: Reader, chunk: string): void {
  const atMs = Date.now();
  const said = reader.rest + chunk;
  reader.greetings += said.match(/"type":"(?:subscribed|authenticated)"/g)?.length ?? 0;
  let end = 0;
  for (const match of said.matchAll(SEQUENCE)) {
    reader.arrivals.push({ sequence: Number(match[1]), atMs });
    end = match.index + match[0].length;
  }
  reader.rest = said.slice(Math.max(end, said.length - LONGEST_MATCH));
}

/** A text of less than 126 bytes, as a client sends it: masked, with zeros. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

function report(happenedAt: Readonly<Record<string, number>>): void {
  const told = readers.map(({ arrivals }) => arrivals.filter(({ sequence }) => sequence in happenedAt));
  const latenciesMs = told.flatMap((arrivals) =>
    arrivals.map(({ sequence, atMs }) => atMs - (happenedAt[sequence] ?? atMs)),
  );
  const counts = told.map(({ length }) => length);
  const measured: ReaderReport = {
    fewest: Math.min(...counts),
    most: Math.max(...counts),
    hasGaps: told.some((arrivals) => arrivals.some(({ sequence }, i) => sequence <= (arrivals[i - 1]?.sequence ?? 0))),
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    maxMs: quantile(latenciesMs, 1),
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  for (const socket of sockets) socket.destroy();
}
