import type { Command } from 'commander';
import { DEFAULT_LISTEN } from '../endpoint.ts';
import type { ServerOptions } from './server-command.ts';

/** How a new server is reached. */
export type ListenOptions = Pick<ServerOptions, 'listen' | 'tlsCert' | 'tlsKey' | 'insecureListen' | 'devAuth'>;

function collect(address: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), address];
}

export function addListenOptions(command: Command): Command {
  return command
    .option(
      '--listen <address>',
      `HOST:PORT to listen on (VOLARY_LISTEN, default ${DEFAULT_LISTEN}), or DIALECT=HOST:PORT for a dialect alone; may be repeated`,
      collect,
    )
    .option('--dev-auth', 'in dialects where a header names the caller, accept it from everybody: for development')
    .option('--tls-cert <file>', 'certificate for TLS, PEM (VOLARY_TLS_CERT)')
    .option('--tls-key <file>', 'its key (VOLARY_TLS_KEY)')
    .option('--insecure-listen', 'listen without TLS where other machines can reach it');
}
