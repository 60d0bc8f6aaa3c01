import type { VolaryClient } from '@volary/sdk';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';

/** What was asked of a new server; what is absent was not asked for. */
export interface AskedServer {
  /** `HOST:PORT`, port 0 is any; those of dialects are not looked at. */
  readonly listen?: readonly string[];
  readonly driver?: string;
}

/**
 * For a server that ran before: that it is as was asked for on the command line. Throws `cli.other_server`, since neither its
 * address nor its driver can be changed while it runs.
 */
export async function checkSameServer(client: VolaryClient, url: string, asked: AskedServer): Promise<void> {
  const others: string[] = [];
  const listen = asked.listen?.find((address) => !address.includes('='));
  if (listen !== undefined && !isListeningOn(url, listen)) others.push(`on ${listen}`);
  if (asked.driver !== undefined && (await client.capabilities()).driver !== asked.driver)
    others.push(`with the driver ${asked.driver}`);
  if (others.length === 0) return;
  throw new CliError(`A server of this data directory runs already at ${url}, and not ${others.join(' and ')}.`, {
    exitCode: EXIT_CODES.precondition,
    reason: 'cli.other_server',
    hint: 'end it first: volary down (its VMs go on running); or start another one: --data-dir DIR',
  });
}

/** True if a server at this URL may have been started with this address. */
export function isListeningOn(url: string, listen: string): boolean {
  const at = listen.lastIndexOf(':');
  const [host, port] = [listen.slice(0, at), listen.slice(at + 1)];
  const server = new URL(url);
  return (
    at !== -1 &&
    (Number(port) === 0 || port === (server.port || (server.protocol === 'https:' ? '443' : '80'))) &&
    reachable(host) === reachable(server.hostname)
  );
}

/** The server writes down where it is reached, which for all addresses is the loopback one. */
function reachable(host: string): string {
  const plain = host.replace(/^\[|\]$/g, '');
  if (plain === '::') return '::1';
  return ['', 'localhost', '0.0.0.0'].includes(plain) ? '127.0.0.1' : plain;
}
