/** A process that holds the build lock of the cache it is given until it is killed. */

import { join } from 'node:path';
import { acquireBuildLock } from './build-lock.ts';

const directory = process.argv[2] ?? '';
await acquireBuildLock({ directory, lock: join(directory, 'build.lock') }, { signal: new AbortController().signal });
process.stdout.write('locked\n');
process.stdin.resume();
