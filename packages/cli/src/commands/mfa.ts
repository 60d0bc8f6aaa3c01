import type { RecoveryCodes } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { openQuestions } from '../ask.ts';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { styledQr } from '../output/style.ts';

interface DisableOptions {
  readonly code?: string;
  readonly user?: string;
}

/** `volary mfa enrol|confirm|disable|recovery-codes`. */
export function configureMfa(command: Command, context: Context): void {
  command.action(() => command.outputHelp());
  command
    .command('enrol')
    .description('show a QR code for an authenticator, then ask for a code of it')
    .action(() => enrol(context));
  command
    .command('confirm')
    .description('switch the second factor on; prints recovery codes')
    .argument('<code>', 'the code from the authenticator')
    .action(async (code: string) => printCodes(context, await (await connect(context)).auth.confirmMfa(code)));
  command
    .command('disable')
    .description('switch the second factor off')
    .option('--code <code>', 'the code from the authenticator, or a recovery code (default: prompted for)')
    .option('--user <name>', 'for another user, who has lost theirs')
    .action((options: DisableOptions) => disable(context, options));
  command
    .command('recovery-codes')
    .description('make new recovery codes, which replace all earlier ones')
    .argument('<code>', 'the code from the authenticator')
    .action(async (code: string) => printCodes(context, await (await connect(context)).auth.renewRecoveryCodes(code)));
}

async function enrol(context: Context): Promise<void> {
  const client = await connect(context);
  const enrolment = await client.auth.enrolMfa();
  if (context.globals.json === true) return printJson(context, enrolment);
  const qr = styledQr(context.stdout, enrolment.qr_text);
  context.stdout.write(`${qr}\nsecret  ${enrolment.secret}\nuri     ${enrolment.uri}\n`);
  if (context.stdin.isTTY) await confirmByTyping(context, client);
  else context.stderr.write('It counts when it is confirmed: volary mfa confirm CODE\n');
}

async function confirmByTyping(context: Context, client: VolaryClient): Promise<void> {
  using questions = openQuestions(context);
  const code = await questions.ask('The code that the authenticator shows: ');
  printCodes(context, await client.auth.confirmMfa(code));
}

async function disable(context: Context, { code, user }: DisableOptions): Promise<void> {
  const client = await connect(context);
  await client.auth.disableMfa({
    ...(user === undefined ? {} : { user }),
    ...(user === undefined ? { code: code ?? (await askCode(context)) } : {}),
  });
  if (context.globals.json === true) printJson(context, { mfa_enabled: false });
  else context.stderr.write('The second factor is off.\n');
}

async function askCode(context: Context): Promise<string> {
  using questions = openQuestions(context);
  return await questions.ask('One-time code, or a recovery code: ');
}

function printCodes(context: Context, codes: RecoveryCodes): void {
  if (context.globals.json === true) {
    printJson(context, codes);
    return;
  }
  context.stderr.write(
    'The second factor is on. Recovery codes, each good once in place of a code, shown this once:\n',
  );
  context.stdout.write(codes.recovery_codes.map((code) => `${code}\n`).join(''));
}
