import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeFrame, FRAME_TYPES, type Frame, type FrameType } from './frame.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { EchoFinder, encodeSync } from './handshake.ts';
import { decodeData, decodeEof, decodeWindow, encodePosition, encodeWindow } from './messages/channel.ts';
import { decodeListResult, decodeStatResult, encodeOpenList, encodeOpenStat } from './messages/directory.ts';
import { decodeExecResult, decodeExit, encodeOpenExec, encodeResize, encodeSignal } from './messages/execution.ts';
import {
  decodeReadResult,
  decodeWritten,
  encodeOpenMkdir,
  encodeOpenRead,
  encodeOpenRemove,
  encodeOpenRename,
  encodeOpenWrite,
} from './messages/files.ts';
import {
  decodeFileSystemCount,
  decodeGrowResult,
  decodeIdentifyResult,
  encodeOpenFreeze,
  encodeOpenGrow,
  encodeOpenIdentify,
  encodeOpenPrepare,
  encodeOpenShutdown,
  encodeOpenThaw,
  encodeOpenTools,
} from './messages/machine.ts';
import { decodeError, decodeNothing } from './messages/result.ts';
import { decodeHello, decodePing, encodeHello, encodePing } from './messages/session.ts';
import { decodeStatsResult, encodeOpenStats } from './messages/stats.ts';
import { decodeRunEvent, decodeSupervisedResult, encodeControl, encodePolicy } from './messages/supervision.ts';
import { encodeOpenTcp } from './messages/tcp.ts';
import { decodeWatchEvent, encodeOpenWatch } from './messages/watch.ts';

/** The frames that both ends must produce and accept: one line each, `name | hex | fields as JSON`. */
const GOLDEN = new URL('../../../../../../guest/agent/golden/frames.txt', import.meta.url);

/** A supervised one is longer. */
const EXEC_RESULT_BYTES = 21;

type Fields = Record<string, unknown>;
interface Golden {
  readonly name: string;
  readonly bytes: Buffer;
  readonly fields: Fields;
}

const golden: readonly Golden[] = readFileSync(GOLDEN, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [name = '', hex = '', json = ''] = line.split(' | ', 3);
    return { name, bytes: Buffer.from(hex, 'hex'), fields: parseFields(json) };
  });

function parseFields(json: string): Fields {
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null) throw new Error(`not an object: ${json}`);
  return Object.fromEntries(Object.entries(value));
}

/** Reads a golden frame's fields, with the type that its encoder wants. */
function fieldsOf({ fields }: Golden) {
  const num = (name: string): number => Number(fields[name]);
  const text = (name: string): string => String(fields[name]);
  return {
    num,
    text,
    big: (name: string): bigint => BigInt(text(name)),
    raw: (name: string): Buffer => Buffer.from(text(name), 'hex'),
    flag: (name: string): boolean => num(name) === 1,
    has: (name: string): boolean => fields[name] !== undefined,
    texts: (name: string): string[] => {
      const value = fields[name];
      return Array.isArray(value) ? value.map(String) : [];
    },
  };
}

/** Without counts: sixteen numbers of 8 bytes, four of 4. */
const STATS_BYTES = 144;

const FROM_HOST: Readonly<Record<string, (g: ReturnType<typeof fieldsOf>) => Uint8Array>> = {
  HELLO: (g) =>
    encodeHello({
      lowestVersion: g.num('lowestVersion'),
      highestVersion: g.num('highestVersion'),
      wallClockNs: g.big('wallClockNs'),
    }),
  PING: (g) => encodePing(g.big('token')),
  PONG: (g) => encodePing(g.big('token')),
  DATA: (g) => Buffer.concat([encodePosition(g.num('channel'), g.num('offset')), g.raw('bytes')]),
  EOF: (g) => encodePosition(g.num('channel'), g.num('offset')),
  WINDOW: (g) =>
    encodeWindow({ channel: g.num('channel'), acknowledged: g.num('acknowledged'), limit: g.num('limit') }),
  SIGNAL: (g) => encodeSignal(g.num('signal')),
  RESIZE: (g) => encodeResize({ rows: g.num('rows'), columns: g.num('columns') }),
  CLOSE: () => Buffer.alloc(0),
  CONTROL: (g) => encodeControl(g.num('what'), g.num('graceMs')),
  'OPEN EXEC': (g) =>
    Buffer.concat([
      encodeOpenExec({
        executionId: g.raw('executionId'),
        flags: g.num('flags'),
        timeoutMs: g.num('timeoutMs'),
        user: g.text('user'),
        cwd: g.text('cwd'),
        argv: g.texts('argv'),
        env: g.texts('env'),
        rows: g.num('rows'),
        columns: g.num('columns'),
        stdoutAcknowledged: g.big('stdoutAcknowledged'),
        stderrAcknowledged: g.big('stderrAcknowledged'),
      }),
      g.has('restart')
        ? encodePolicy({
            restart: g.num('restart'),
            delayMs: g.num('delayMs'),
            longestDelayMs: g.num('longestDelayMs'),
            steadyMs: g.num('steadyMs'),
          })
        : Buffer.alloc(0),
    ]),
  'OPEN READ': (g) => encodeOpenRead({ path: g.text('path'), offset: g.num('offset'), length: g.big('length') }),
  'OPEN WRITE': (g) => encodeOpenWrite({ path: g.text('path'), mode: g.num('mode'), makesParents: g.flag('flags') }),
  'OPEN LIST': (g) => encodeOpenList(g.text('path'), g.num('limit'), g.text('after')),
  'OPEN STAT': (g) => encodeOpenStat(g.text('path'), g.flag('follow')),
  'OPEN MKDIR': (g) => encodeOpenMkdir(g.text('path'), g.num('mode'), g.flag('parents')),
  'OPEN REMOVE': (g) => encodeOpenRemove(g.text('path'), g.flag('recursive')),
  'OPEN RENAME': (g) => encodeOpenRename(g.text('fromPath'), g.text('toPath')),
  'OPEN WATCH': (g) => encodeOpenWatch(g.text('path'), g.flag('recursive')),
  'OPEN TCP': (g) => encodeOpenTcp(g.text('host'), g.num('port')),
  'OPEN STATS': (g) => encodeOpenStats({ hasCounts: g.has('flags') }),
  'OPEN IDENTIFY': (g) =>
    encodeOpenIdentify({
      hostname: g.text('hostname'),
      machineId: g.raw('machineId'),
      wallClockNs: g.big('wallClockNs'),
      network: g.texts('network'),
      entropy: g.raw('entropy'),
    }),
  'OPEN SHUTDOWN': (g) => encodeOpenShutdown(g.num('how') === 1 ? 'power-off' : 'reboot', g.num('graceMs')),
  'OPEN FREEZE': () => encodeOpenFreeze(),
  'OPEN THAW': () => encodeOpenThaw(),
  'OPEN PREPARE': () => encodeOpenPrepare(),
  'OPEN TOOLS': (g) =>
    encodeOpenTools({
      waits: g.flag('waits'),
      disk: g.text('disk'),
      tools:
        g.num('count') === 0
          ? []
          : [
              {
                name: g.text('name'),
                place: g.num('place'),
                offsetBytes: Number(g.big('offset')),
                sizeBytes: Number(g.big('length')),
              },
            ],
    }),
  'OPEN GROW': () => encodeOpenGrow(),
};

/** Decodes to fields named as in the golden file. */
const FROM_GUEST: Readonly<Record<string, (payload: Buffer) => Fields>> = {
  HELLO: (payload) => ({ ...decodeHello(payload) }),
  PING: (payload) => ({ token: decodePing(payload) }),
  PONG: (payload) => ({ token: decodePing(payload) }),
  DATA: (payload) => ({ ...decodeData(payload) }),
  EOF: (payload) => ({ ...decodeEof(payload) }),
  WINDOW: (payload) => ({ ...decodeWindow(payload) }),
  EXIT: (payload) => ({ ...decodeExit(payload) }),
  ERROR: (payload) => ({ ...decodeError(payload) }),
  EVENT: (payload) => {
    const { state, ...rest } = decodeRunEvent(payload);
    return { state: ['running', 'waiting', 'ended'].indexOf(state) + 1, ...rest };
  },
  'EVENT WATCH': (payload) => ({ ...decodeWatchEvent(payload) }),
  'RESULT EXEC': (payload) => {
    const decode = payload.length === EXEC_RESULT_BYTES ? decodeExecResult : decodeSupervisedResult;
    const { isAttached, ...rest } = decode(payload);
    return { ...rest, attached: isAttached };
  },
  'RESULT READ': (payload) => ({ ...decodeReadResult(payload) }),
  'RESULT WRITE': (payload) => (payload.length === 0 ? nothing(payload) : { size: decodeWritten(payload) }),
  'RESULT LIST': (payload) => {
    const { hasMore, entries } = decodeListResult(payload);
    return { more: hasMore, entries };
  },
  'RESULT STAT': (payload) => ({ entry: decodeStatResult(payload) }),
  'RESULT MKDIR': nothing,
  'RESULT REMOVE': nothing,
  'RESULT RENAME': nothing,
  'RESULT WATCH': nothing,
  'RESULT TCP': nothing,
  'RESULT SHUTDOWN': nothing,
  // Whether it was asked for counts is told by how long the answer is.
  'RESULT STATS': (payload) => {
    const { counts, ...stats } = decodeStatsResult(payload, { hasCounts: payload.length > STATS_BYTES });
    return { ...stats, ...counts };
  },
  'RESULT IDENTIFY': (payload) => ({ wallClockNs: decodeIdentifyResult(payload) }),
  'RESULT PREPARE': nothing,
  'RESULT TOOLS': nothing,
  'RESULT GROW': (payload) => ({ ...decodeGrowResult(payload) }),
  'RESULT FREEZE': (payload) => ({ count: decodeFileSystemCount(payload) }),
  'RESULT THAW': (payload) => ({ count: decodeFileSystemCount(payload) }),
};

function nothing(payload: Buffer): Fields {
  decodeNothing(payload);
  return {};
}

/** The message's own fields, in the golden file's notation: flags as 0 and 1, raw bytes as hex, all else as text. */
function normalise(value: unknown): unknown {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return BigInt(value).toString();
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !['from', 'type', 'kind', 'tag', 'stream'].includes(name))
      .map(([name, field]) => [name, normalise(field)]),
  );
}

function keyOf({ fields }: Golden): string {
  return fields['kind'] === undefined ? String(fields['type']) : `${String(fields['type'])} ${String(fields['kind'])}`;
}

function typeNumber(name: string): FrameType {
  const found = Object.entries(FRAME_TYPES).find(([known]) => known === name);
  if (found === undefined) throw new Error(`no such frame type: ${name}`);
  return found[1];
}

function decodeOnly(bytes: Buffer, tag: number): Frame {
  const frames: Frame[] = [];
  new FrameDecoder(tag, (frame) => frames.push(frame)).push(bytes);
  const [frame] = frames;
  if (frame === undefined || frames.length !== 1) throw new Error(`${frames.length} frames instead of one`);
  return frame;
}

const isHandshake = ({ name }: Golden): boolean => name === 'sync' || name === 'echo';
const isHint = ({ fields }: Golden): boolean => typeof fields['type'] === 'number';
const frames = golden.filter((entry) => !isHandshake(entry) && !isHint(entry));

test('the golden file covers every message there is', () => {
  const keys = new Set(frames.map((entry) => `${String(entry.fields['from'])} ${keyOf(entry)}`));

  expect([...keys].sort()).toEqual(
    [
      ...Object.keys(FROM_HOST).map((key) => `host ${key}`),
      ...Object.keys(FROM_GUEST).map((key) => `guest ${key}`),
    ].sort(),
  );
});

test.each(frames.filter(({ fields }) => fields['from'] === 'host'))('$name is produced byte for byte', (entry) => {
  const encode = FROM_HOST[keyOf(entry)];
  if (encode === undefined) throw new Error(`no encoder for ${keyOf(entry)}`);
  const g = fieldsOf(entry);

  const bytes = encodeFrame(typeNumber(g.text('type')), g.num('tag'), g.num('stream'), encode(g));

  expect(Buffer.concat(bytes).toString('hex')).toBe(entry.bytes.toString('hex'));
});

test.each(frames.filter(({ fields }) => fields['from'] === 'guest'))('$name is read as it was meant', (entry) => {
  const decode = FROM_GUEST[keyOf(entry)];
  if (decode === undefined) throw new Error(`no decoder for ${keyOf(entry)}`);

  const frame = decodeOnly(entry.bytes, Number(entry.fields['tag']));

  expect(frame.type).toBe(typeNumber(String(entry.fields['type'])));
  expect(frame.stream).toBe(entry.fields['stream']);
  expect(normalise(decode(frame.payload))).toEqual(normalise(entry.fields));
});

test('a hint of a later version is read as a frame', () => {
  const hint = golden.find(isHint);
  if (hint === undefined) throw new Error('the golden file has no hint');

  const frame = decodeOnly(hint.bytes, Number(hint.fields['tag']));

  expect(frame).toMatchObject({ type: hint.fields['type'], stream: hint.fields['stream'] });
  expect(frame.payload.toString('hex')).toBe(hint.fields['bytes']);
});

test('the handshake is produced and found byte for byte', () => {
  const sync = golden.find(({ name }) => name === 'sync');
  const echo = golden.find(({ name }) => name === 'echo');
  if (sync === undefined || echo === undefined) throw new Error('the golden file has no handshake');
  const nonce = fieldsOf(sync).raw('nonce');

  expect(encodeSync(fieldsOf(sync).raw('linkKey'), nonce).toString('hex')).toBe(sync.bytes.toString('hex'));
  expect(new EchoFinder().push(echo.bytes)).toEqual([{ nonce: nonce.toString('hex'), end: echo.bytes.length }]);
});
