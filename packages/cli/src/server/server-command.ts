import { resolve } from 'node:path';
import { SERVER_ENTRY } from '../paths.ts';

/** Options of the server that the command line passes on; what is absent is for the server to decide. */
export interface ServerOptions {
  readonly dataDir?: string;
  /** The name of its database there. */
  readonly database?: string;
  /** Each `HOST:PORT` or `DIALECT=HOST:PORT`. */
  readonly listen?: readonly string[];
  /** Paths of PEM files. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecureListen?: true;
  readonly devAuth?: true;
  readonly driver?: string;
  /** Path of a YAML file. */
  readonly config?: string;
  readonly logLevel?: string;
  readonly webhookAllowedTargets?: string;
}

/** The words that start the server with this Node.js, the program first. */
export function serverCommand(options: ServerOptions): readonly [program: string, ...args: string[]] {
  const {
    dataDir,
    database,
    listen,
    tlsCert,
    tlsKey,
    insecureListen,
    devAuth,
    driver,
    config,
    logLevel,
    webhookAllowedTargets,
  } = options;
  const flags = Object.entries({
    'data-dir': dataDir,
    database,
    listen: listen?.join(','),
    'tls-cert': absolute(tlsCert),
    'tls-key': absolute(tlsKey),
    driver,
    'log-level': logLevel,
    'webhook-allowed-targets': webhookAllowedTargets,
    config: absolute(config),
  });
  return [
    process.execPath,
    ...process.execArgv,
    SERVER_ENTRY,
    ...flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])),
    ...(insecureListen === true ? ['--insecure-listen'] : []),
    ...(devAuth === true ? ['--dev-auth'] : []),
  ];
}

/** The server may run in another directory. */
function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path);
}
