/** How the server is reached, put together: what the configuration says, and the files that it names. */
import type { Server } from 'node:http';
import type { ApiDeps } from './api/server.ts';
import type { Config } from './config/config.ts';
import { isLoopback, type ListenAddress, toUrl } from './config/listen.ts';
import { readTlsFiles, type TlsFiles } from './config/tls-files.ts';
import type { Log } from './ports/log.ts';
import { reloadTls } from './reload-tls.ts';

export interface Transport {
  /** For the faces. */
  readonly api: Required<Pick<ApiDeps, 'allowedOrigins' | 'devAuth' | 'isLoopbackOpen' | 'limits' | 'proxies' | 'tls'>>;
  /** The certificate that it begins with, PEM; null without TLS. */
  readonly certificate: string | null;
  /** Where clients on this machine find what listens here. */
  urlAt(address: ListenAddress): string;
  /**
   * Has the servers follow their certificate's files, also at SIGHUP, until it is disposed of; `renewed` is called with each new one.
   */
  follow(servers: readonly Server[], log: Log, renewed: (certificate: string) => void): Disposable;
}

/** Throws `failed_precondition` config.tls for files that cannot be used. */
export function openTransport(config: Config, log: Log): Transport {
  const { listen, dialects, devAuth, tls, allowedOrigins, limits } = config;
  const files = tls === null ? null : readTlsFiles(tls, Date.now());
  const isOpen = [listen, ...dialects.map(({ address }) => address)].some((address) => !isLoopback(address));
  if (isOpen && devAuth) log.warn('others than this machine are whom they say they are, without a key (--dev-auth)');
  if (isOpen && tls === null)
    log.warn('others than this machine reach the server without TLS: keys can be read on the way');
  return {
    api: {
      allowedOrigins,
      devAuth,
      isLoopbackOpen: config.volant.auth === 'loopback-open',
      limits,
      proxies: { ranges: config.trustedProxies, header: config.proxyHeader },
      tls: tls === null || files === null ? null : { ...files, minVersion: tls.minVersion },
    },
    certificate: files?.cert ?? null,
    urlAt: (address) => urlFor(address, files),
    follow(servers, serverLog, renewed) {
      using parts = new DisposableStack();
      if (tls !== null && files !== null) {
        const told = (now: TlsFiles): void => renewed(now.cert);
        const { reload } = parts.use(reloadTls(servers, tls, { used: files, renewed: told, log: serverLog }));
        // The hang-up of a terminal ends the server as it always did.
        if (!process.stdin.isTTY) {
          process.on('SIGHUP', reload);
          parts.defer(() => process.off('SIGHUP', reload));
        }
      }
      return parts.move();
    },
  };
}

/** By TLS the server is called by a name that its certificate is for, where that is one for this machine. */
function urlFor(listen: ListenAddress, files: TlsFiles | null): string {
  if (files === null) return toUrl(listen);
  const { leaf } = files;
  const url = toUrl(listen, 'https');
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
  const isNamed = leaf.checkHost(host) !== undefined || leaf.checkIP(host) !== undefined;
  return isNamed || leaf.checkHost('localhost') === undefined ? url : toUrl({ ...listen, host: 'localhost' }, 'https');
}
