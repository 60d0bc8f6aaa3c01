import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const BARE_ROUTE = new URL('./bare-route.ts', import.meta.url).pathname;

/** Starts a server that does nothing but send these bytes, as a process of its own. */
export async function startBareRoute(body: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, [BARE_ROUTE], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdin === null || child.stdout === null) throw new TypeError('the child has no pipes');
  child.stdin.end(body);
  const [url] = await once(createInterface({ input: child.stdout }), 'line');
  return {
    url: String(url),
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
