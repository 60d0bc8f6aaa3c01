import { once } from 'node:events';
import { createServer } from 'node:net';

/** What a server has in memory that is live, MiB: without garbage, of which there is as much as V8 likes. */
export interface LiveMemory extends Disposable {
  mib(): Promise<number>;
}

/** What a program is started with in its environment, so that it can be looked into at this port. */
export function inspectedAt(port: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--inspect=127.0.0.1:${port}` };
}

/** A port that nobody has now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new TypeError('a server listens nowhere');
  return address.port;
}

/** Has the program at this port collect its garbage and count the rest, each time that it is asked. */
export async function watchLiveMemory(port: number): Promise<LiveMemory> {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).text();
  const url = /ws:\/\/[^"]+/.exec(targets)?.[0];
  if (url === undefined) throw new Error(`nothing can be looked into at port ${port}`);
  const socket = new WebSocket(url);
  await once(socket, 'open');
  let count = 0;

  async function ask(method: string, params: object): Promise<unknown> {
    const id = ++count;
    const answer = Promise.withResolvers<unknown>();
    const hear = ({ data }: MessageEvent): void => {
      const message: { readonly id?: number; readonly result?: unknown } = JSON.parse(String(data));
      if (message.id === id) answer.resolve(message.result);
    };
    socket.addEventListener('message', hear);
    socket.send(JSON.stringify({ id, method, params }));
    return await answer.promise.finally(() => socket.removeEventListener('message', hear));
  }

  return {
    async mib() {
      await ask('HeapProfiler.collectGarbage', {});
      const expression = '(({ heapUsed, external }) => heapUsed + external)(process.memoryUsage())';
      const told = await ask('Runtime.evaluate', { expression, returnByValue: true });
      const bytes = /"value":(\d+)/.exec(JSON.stringify(told))?.[1];
      return Number(bytes) / 1024 ** 2;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
