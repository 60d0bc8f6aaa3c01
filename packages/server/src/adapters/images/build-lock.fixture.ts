/** A process that holds the build lock of the cache it is given until it is killed. */
import { acquireBuildLock } from './build-lock.ts';
import { cachePaths } from './cache.ts';

await acquireBuildLock(cachePaths(process.argv[2] ?? ''), { signal: new AbortController().signal });
process.stdout.write('locked\n');
process.stdin.resume();
