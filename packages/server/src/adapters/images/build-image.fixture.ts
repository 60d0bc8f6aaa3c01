/** A process that builds the base image into the cache it is given until it is killed, and says how far it is. */
import { createPinoLog } from '../system/pino-log.ts';
import { createImageSource } from './image-source.ts';

const [cacheDir = '', guestPath = ''] = process.argv.slice(2);
const source = await createImageSource({ cacheDir, guestPath, log: createPinoLog({ level: 'error' }) });
await source.ensure('base', {
  signal: new AbortController().signal,
  onProgress: ({ message }) => process.stdout.write(`${message}\n`),
});
