/** A process that holds the lock of the data directory it is given until it is killed or its stdin ends. */
import { lockDataDir } from './data-dir-lock.ts';

const lock = lockDataDir(process.argv[2] ?? '');
process.stdout.write('locked\n');
process.stdin.resume();
process.stdin.once('end', () => {
  lock.release();
  process.exit(0);
});
