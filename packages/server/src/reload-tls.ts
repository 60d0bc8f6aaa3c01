/**
 * A certificate is renewed every few months, by another program: its files are looked at from time to time, and at SIGHUP. New
 * connections get the new one; those that are open stay as they are.
 */
import { stat } from 'node:fs/promises';
import { Server as TlsServer } from 'node:tls';
import { readTlsFiles, type TlsFiles } from './config/tls-files.ts';
import type { TlsConfig } from './config/transport.ts';
import { toVolaryError } from './domain/errors.ts';
import type { Log } from './ports/log.ts';

/** How often the files are looked at. */
const LOOK_MS = 5_000;
/** From so long before a certificate ends on the log says so, with each certificate once. */
const WARN_BEFORE_MS = 14 * 24 * 3_600_000;

export interface TlsReload extends Disposable {
  /** Reads the files again, now. What cannot be used is told to the log, and the certificate in use stays. */
  reload(): void;
}

export interface TlsUse {
  /** What it began with. */
  readonly used: TlsFiles;
  /** Called when others have taken its place. */
  readonly renewed: (files: TlsFiles) => void;
  readonly log: Log;
}

/** Keeps the servers' certificate as its files are. */
export function reloadTls(servers: readonly unknown[], config: TlsConfig, { used, renewed, log }: TlsUse): TlsReload {
  const all = servers.filter((server) => server instanceof TlsServer);
  if (all.length < servers.length) throw new TypeError('a server without TLS has no certificate');
  let current = used.leaf.fingerprint256;
  let told = '';
  let seen: string | null = null;
  let isLooking = false;
  warnOfEnd(used, log);

  function reload(): void {
    try {
      const files = readTlsFiles(config, Date.now());
      told = '';
      if (files.leaf.fingerprint256 === current) return;
      for (const tls of all) tls.setSecureContext({ cert: files.cert, key: files.key, minVersion: config.minVersion });
      current = files.leaf.fingerprint256;
      renewed(files);
      log.info('the certificate was renewed', { validTo: files.leaf.validToDate.toISOString() });
      warnOfEnd(files, log);
    } catch (error) {
      // Of two files one is always written first: the same again is told once.
      const { message } = toVolaryError(error);
      if (message !== told) log.warn('the files of TLS cannot be used; the certificate stays as it was', { error });
      told = message;
    }
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    const now = `${await signOf(config.certPath)} ${await signOf(config.keyPath)}`;
    if (seen !== null && now !== seen) reload();
    seen = now;
    isLooking = false;
  }

  void look();
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return { reload, [Symbol.dispose]: () => clearInterval(timer) };
}

/** Changes with the file, also when another one is put in its place by way of a link. */
async function signOf(path: string): Promise<string> {
  return stat(path).then(
    ({ dev, ino, size, mtimeMs }) => `${dev}:${ino}:${size}:${mtimeMs}`,
    () => 'gone',
  );
}

function warnOfEnd({ leaf }: TlsFiles, log: Log): void {
  const { validToDate } = leaf;
  if (validToDate.getTime() - Date.now() < WARN_BEFORE_MS)
    log.warn('the certificate ends soon', { validTo: validToDate.toISOString() });
}
