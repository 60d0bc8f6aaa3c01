import type { Secret } from '@volary/contract';
import { VolaryApiError, type VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { removeEach } from '../operations/remove-each.ts';
import { addSelectorOption, type SelectorOptions, selectorQuery } from '../operations/selector-option.ts';
import { formatAge } from '../output/format.ts';
import { formatFields, formatTable } from '../output/table.ts';
import { collectPairs } from '../parse-values.ts';
import { readValue, type ValueOptions } from '../secrets/secret-value.ts';

interface SetOptions extends ValueOptions {
  readonly description?: string;
  readonly label?: Readonly<Record<string, string>>;
}

/** `volary secrets ls|get|set|rm|rotate-key`. */
export function configureSecrets(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  addSelectorOption(command.command('ls').description('list secrets; their values are shown to nobody')).action(
    (options: SelectorOptions) => list(context, options),
  );
  command
    .command('get')
    .description('show a secret, without its value')
    .argument('<secret>', 'name or id')
    .action(async (ref: string) => {
      const secret = await (await connect(context)).secrets.get(ref);
      print(context, secret, () => describe(secret));
    });
  command
    .command('set')
    .description('create a secret, or change its value: read from stdin, or from a prompt on a terminal')
    .argument('<name>', 'a capital, then capitals, digits and underscores')
    .option('--file <path>', 'read the value from this file, as it is')
    .option('--raw', 'keep the newline at the end of what is piped in')
    .option('--description <text>', 'what it is for; others who may see the secret see this')
    .option('-l, --label <key=value>', 'a label; replaces all its labels; may be repeated', collectPairs)
    .action((name: string, options: SetOptions) => set(context, name, options));
  command
    .command('rm')
    .description('delete secrets that no VM uses')
    .argument('<secret...>', 'names or ids')
    .action(async (refs: readonly string[]) => {
      const client = await connect(context);
      await removeEach(context, refs, async (ref) => {
        await client.secrets.delete(ref);
        return { name: ref };
      });
    });
  command
    .command('rotate-key')
    .description('re-encrypt everything with a new key, and delete the old key')
    .action(() => rotateKey(context));
}

async function list(context: Context, options: SelectorOptions): Promise<void> {
  const items: Secret[] = [];
  for await (const secret of (await connect(context)).secrets.listAll(selectorQuery(options))) items.push(secret);
  print(context, { items }, () =>
    formatTable(
      ['NAME', 'OWNER', 'VERSION', 'SET', 'USED', 'DESCRIPTION'],
      items.map((secret) => [
        secret.name,
        secret.owner,
        String(secret.version),
        formatAge(secret.updated_at),
        formatAge(secret.last_used_at),
        secret.description,
      ]),
    ),
  );
}

async function set(context: Context, name: string, options: SetOptions): Promise<void> {
  const client = await connect(context);
  const { description, label } = options;
  const asked = {
    ...(await readValue(context, name, options)),
    ...(description === undefined ? {} : { description }),
    ...(label === undefined ? {} : { labels: label }),
  };
  const secret = await setOrCreate(client, name, asked);
  print(context, secret, () => `${secret.name}\n`);
}

/** By its name, one of our own. */
async function setOrCreate(
  { secrets }: VolaryClient,
  name: string,
  asked: Parameters<VolaryClient['secrets']['set']>[1],
): Promise<Secret> {
  try {
    return await secrets.create({ name, ...asked });
  } catch (error) {
    if (!(error instanceof VolaryApiError) || error.reason !== 'secret.name_taken') throw error;
    return await secrets.set(name, asked);
  }
}

async function rotateKey(context: Context): Promise<void> {
  const rotated = await (await connect(context)).secrets.rotateKey();
  print(context, rotated, () =>
    formatFields([
      ['key', rotated.key_id],
      ...Object.entries(rotated.resealed).map(([kind, count]): [string, string] => [`${kind} resealed`, String(count)]),
      ['keys dropped', rotated.dropped_keys.length === 0 ? 'none' : rotated.dropped_keys.join(', ')],
    ]),
  );
}

function describe(secret: Secret): string {
  return formatFields([
    ['name', secret.name],
    ['id', secret.id],
    ['owner', secret.owner],
    ['description', secret.description],
    ['version', String(secret.version)],
    ['size', `${secret.size_bytes} bytes${secret.is_text ? '' : ', no text'}`],
    ['created', secret.created_at],
    ['set', secret.updated_at],
    ['used', secret.last_used_at ?? 'never'],
  ]);
}

function print(context: Context, value: unknown, toText: () => string): void {
  if (context.globals.json === true) printJson(context, value);
  else context.stdout.write(toText());
}
