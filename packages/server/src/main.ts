/**
 * The server's program: sets up the runtime, then runs the server.
 *
 * A server at rest shall be small. V8's young generation keeps the size that it grew to while modules were loaded, and
 * its bound can only be given on the command line: the program replaces itself once, by `execve`, so that its pid stays.
 * With the compile cache on, a start does not strip types again, which saves the memory of the stripper as well; if it is on before
 * this file is loaded, that is never loaded at all.
 */
import { join } from 'node:path';

/**
 * glibc keeps a heap for each thread, and what was freed once it was much: a few MiB of a server at rest. It reads this when the program
 * begins; the programs that the server runs are not to have it.
 */
const MALLOC = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' } as const;
const FLAGS = ['--max-semi-space-size=2', '--expose-gc', '--disable-warning=ExperimentalWarning'];

const cacheDir = process.env['VOLARY_CACHE_DIR'] ?? join(process.env['HOME'] ?? '/tmp', '.cache/volary');
const COMPILED = { NODE_COMPILE_CACHE: join(cacheDir, 'compiled') } as const;

const isSetUp = FLAGS.every((flag) => process.execArgv.includes(flag));
if (!isSetUp && process.execve !== undefined) {
  process.removeAllListeners('warning');
  const own = process.execArgv.filter((flag) => !FLAGS.includes(flag));
  process.execve(process.execPath, [process.execPath, ...FLAGS, ...own, ...process.argv.slice(1)], {
    ...MALLOC,
    ...COMPILED,
    ...process.env,
  });
}
for (const name of Object.keys(MALLOC)) delete process.env[name];
if (process.env['NODE_COMPILE_CACHE'] === COMPILED.NODE_COMPILE_CACHE) delete process.env['NODE_COMPILE_CACHE'];

const [{ runServer }, { SECRET_VARIABLES }] = await Promise.all([
  import('./serve.ts'),
  import('./config/secret-variables.ts'),
]);
const env = { ...process.env };
for (const name of SECRET_VARIABLES) delete process.env[name];
process.exitCode = await runServer(process.argv.slice(2), env);
