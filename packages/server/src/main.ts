/**
 * The server's program. It is small so that what follows is loaded with the compile cache on: with it a start does
 * not strip types again, which saves both time and the memory of the stripper.
 */
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

// A server at rest needs no large nursery; the young generation would otherwise keep what it once grew to.
setFlagsFromString('--max-semi-space-size=4');
if (process.env['NODE_COMPILE_CACHE'] === undefined) {
  const cacheDir = process.env['VOLARY_CACHE_DIR'] ?? join(process.env['HOME'] ?? '/tmp', '.cache/volary');
  enableCompileCache(join(cacheDir, 'compiled'));
}

const { runServer } = await import('./serve.ts');
process.exitCode = await runServer(process.argv.slice(2), process.env);
