/**
 * The life of the server: read what it was told, put it together, listen, wait for a signal, let go.
 *
 *   configure -> compose -> engine.start -> listen -> (server.json) -> SIGTERM -> close the faces -> engine.stop
 *
 * VMs are started in sessions of their own and run on when it ends, in whatever way it ends.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createPinoLog } from './adapters/system/pino-log.ts';
import { API_DEFAULTS } from './api/limits.ts';
import { createOccupancy } from './api/occupancy.ts';
import { createApi } from './api/server.ts';
import { type Composition, compose } from './compose.ts';
import type { AdminKey } from './config/admin-key.ts';
import { type Config, readConfig } from './config/config.ts';
import { prepareCacheDir, prepareDataDir } from './config/data-dir.ts';
import { toVolaryError } from './domain/errors.ts';
import { writeFileAtomically } from './lib/write-file-atomically.ts';
import { openListeners } from './listeners.ts';
import type { Log } from './ports/log.ts';
import { openTransport } from './transport.ts';
import { BUILD, VERSION } from './version.ts';

/** Runs the server until SIGTERM or SIGINT. Returns the exit code; a start that fails is told in one sentence. */
export async function runServer(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  let log: Log | null = null;
  try {
    const config = await readConfig(argv, env);
    log = createPinoLog({ level: config.logLevel });
    prepareDataDir(config.dataDir);
    if (config.driver !== 'simulated') prepareCacheDir(config.cacheDir);
    await using composition = await compose(config, log);
    await serve(config, composition);
    return 0;
  } catch (error) {
    const known = toVolaryError(error);
    log?.debug('the start failed', { error });
    process.stderr.write(`volary: ${known.code === 'internal' ? describe(error) : known.message}\n`);
    return 1;
  }
}

async function serve(config: Config, { engine, ids, diskReserve, adminKey, tracer, log }: Composition): Promise<void> {
  const stopped = untilSignal();
  const transport = openTransport(config, log);
  const deps = {
    ...{ engine, ids, tracer, log, version: VERSION, build: BUILD, installation: config.novacron },
    ...transport.api,
    // However many listeners there are.
    occupancy: createOccupancy({ ...API_DEFAULTS, ...transport.api.limits }),
  };
  const { url, faces, servers, close } = await openListeners(
    config,
    (mounted) => createApi(deps, mounted),
    transport.urlAt,
  );
  const serverFile = join(config.dataDir, 'server.json');
  const started_at = now();
  // The certificate is for clients on this machine, which know the server by it.
  const tellWhere = (certificate: string | null): void =>
    writeFileAtomically(
      serverFile,
      `${JSON.stringify({ url, faces, pid: process.pid, started_at, certificate })}\n`,
      0o600,
    );
  try {
    await engine.start();
    tellWhere(transport.certificate);
    using _following = transport.follow(servers, log, tellWhere);
    log.info('listening', { url, faces, dataDir: config.dataDir, driver: config.driver, version: VERSION });
    // On a terminal only: a log is kept, and read by others than who started the server.
    if (process.stderr.isTTY) await tellFirstCredentials(engine, adminKey);
    await diskReserve.keep();
    giveBackMemory();
    log.info('stopping; VMs run on', { signal: await stopped });
  } finally {
    rmSync(serverFile, { force: true });
    await close();
    await engine.stop();
  }
}

/** What is shown once, to whoever starts the first server. */
async function tellFirstCredentials({ users }: Composition['engine'], { key, isNew }: AdminKey): Promise<void> {
  if (isNew) process.stderr.write(`volary: admin key, shown this once (kept in admin.key): ${key}\n`);
  const password = await users.makeFirstPassword();
  if (password === null) return;
  process.stderr.write(`volary: password of admin (admin@localhost), shown this once and not kept: ${password}\n`);
}

/**
 * Loading modules leaves a third of the heap as garbage, which a server with nothing to do would keep for long. Takes
 * about 0.1 s; without `--expose-gc` (main.ts) it does nothing.
 */
function giveBackMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** The first signal asks to stop; a second one ends the program at once, as Node does by itself. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}

function now(): string {
  return new Date().toISOString();
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
