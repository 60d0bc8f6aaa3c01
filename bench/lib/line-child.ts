import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that prints lines, and reads them. */
export interface LineChild {
  readonly pid: number;
  /** The next line that it prints. */
  line(): Promise<string>;
  write(text: string): void;
  /** Ends its input. */
  close(): void;
  end(): Promise<void>;
}

/** Starts one of the benchmarks' own programs with our Node. */
export function startLineChild({ pathname: program }: URL, args: readonly string[]): LineChild {
  const child: ChildProcess = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout, pid } = child;
  if (stdin === null || stdout === null || pid === undefined) throw new TypeError(`${program} was not started`);
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  return {
    pid,
    line: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${program} ended`);
      return value;
    },
    write: (text) => void stdin.write(text),
    close: () => stdin.end(),
    end: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
