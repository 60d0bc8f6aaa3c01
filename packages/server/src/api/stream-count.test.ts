import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createStreamCount } from './stream-count.ts';

const full = expect.objectContaining({ reason: 'request.too_many_streams' });

async function close(stream: PassThrough): Promise<void> {
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
}

it('a stream that is handed over counts for its new caller alone, until it is closed', async () => {
  const count = createStreamCount({ streams: 3, callerStreams: 1 });
  const [one, other] = [new PassThrough(), new PassThrough()];
  count.enter('address 192.0.2.1', one);
  count.handOver(one, 'user ann');

  expect(() => count.enter('user ann', other)).toThrow(full);
  count.enter('address 192.0.2.1', other);
  await close(one);
  count.handOver(other, 'user ann');
  expect(() => count.enter('user ann', new PassThrough())).toThrow(full);
});

it('a stream that is handed over to who has as many as may be is not counted any more', async () => {
  const count = createStreamCount({ streams: 2, callerStreams: 1 });
  const [one, other] = [new PassThrough(), new PassThrough()];
  count.enter('user ann', one);
  count.enter('address 192.0.2.1', other);

  expect(() => count.handOver(other, 'user ann')).toThrow(full);
  count.enter('address 192.0.2.1', new PassThrough());
});

it('a stream that has closed before it is handed over is not counted for ever', async () => {
  const count = createStreamCount({ streams: 1, callerStreams: 1 });
  const gone = new PassThrough();
  count.enter('address 192.0.2.1', gone);
  await close(gone);
  count.handOver(gone, 'user ann');

  count.enter('user ann', new PassThrough());
});
