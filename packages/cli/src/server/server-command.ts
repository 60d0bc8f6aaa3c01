import { resolve } from 'node:path';
import { SERVER_ENTRY } from '../paths.ts';

/** Options of the server that the command line passes on; what is absent is for the server to decide. */
export interface ServerOptions {
  readonly dataDir?: string;
  /** `HOST:PORT`. */
  readonly listen?: string;
  readonly driver?: string;
  /** Path of a YAML file. */
  readonly config?: string;
  readonly logLevel?: string;
  readonly webhookAllowedTargets?: string;
}

/** The words that start the server with this Node.js, the program first. */
export function serverCommand(options: ServerOptions): readonly [program: string, ...args: string[]] {
  const { dataDir, listen, driver, config, logLevel, webhookAllowedTargets } = options;
  const flags = Object.entries({
    'data-dir': dataDir,
    listen,
    driver,
    'log-level': logLevel,
    'webhook-allowed-targets': webhookAllowedTargets,
    config: config === undefined ? undefined : resolve(config),
  });
  return [
    process.execPath,
    ...process.execArgv,
    SERVER_ENTRY,
    ...flags.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])),
  ];
}
