import { stat } from 'node:fs/promises';
import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { type CopyProgress, createCopyProgress } from '../cp/copy-progress.ts';
import { download, downloadStream } from '../cp/download.ts';
import { checkSides, parseSide, type Side } from '../cp/endpoint.ts';
import { type LeaveOut, type LeftOut, leftOutError } from '../cp/left-out.ts';
import { type Remote, upload, uploadStream } from '../cp/upload.ts';
import { startStage } from '../output/progress.ts';

const EXAMPLES = `
Examples:
  volary cp notes.txt first:/root/
  volary cp first:/var/log ./logs
  tar c src | volary cp - first:/tmp/src.tar`;

/** `volary cp SOURCE TARGET`: files and directories, into a VM or out of it. */
export function configureCp(command: Command, context: Context): void {
  command
    .argument('<source>', 'VM:/path, a path of this machine, or - for our input')
    .argument('<target>', 'VM:/path, a path of this machine, or - for our output')
    .addHelpText('after', EXAMPLES)
    .action((source: string, target: string) =>
      copy(context, parseSide(source), parseSide(target), `Copying ${source}`),
    );
}

async function copy(context: Context, source: Side, target: Side, title: string): Promise<void> {
  checkSides(source, target);
  const client = await connect(context);
  // Progress in a pipe would only say that it began.
  using stage = context.stderr.isTTY && context.globals.json !== true ? startStage(context.stderr, title) : null;
  const progress = createCopyProgress(stage, await sizeOf(client, source));
  const leftOut: LeftOut[] = [];
  const leaveOut: LeaveOut = (path, why) => {
    leftOut.push({ path, why });
    if (context.globals.json !== true) context.stderr.write(`warning: ${path} was left out: ${why}\n`);
  };
  await move(context, client, [source, target], progress, leaveOut);
  if (context.globals.json === true && target.kind !== 'stream')
    printJson(context, { ...progress.total(), left_out: leftOut });
  if (leftOut.length > 0) throw leftOutError(leftOut);
  stage?.succeed(`Copied ${progress.summary()}`);
}

async function move(
  context: Context,
  client: VolaryClient,
  [source, target]: readonly [source: Side, target: Side],
  progress: CopyProgress,
  leaveOut: LeaveOut,
): Promise<void> {
  if (target.kind === 'vm') {
    const remote: Remote = { client, ref: target.ref, path: target.path };
    if (source.kind === 'stream') await uploadStream(context.stdin, remote, progress);
    else if (source.kind === 'local') await upload(source.path, remote, progress, leaveOut);
  } else if (source.kind === 'vm') {
    const remote: Remote = { client, ref: source.ref, path: source.path };
    if (target.kind === 'stream') await downloadStream(remote, context.stdout, progress);
    else await download(remote, target.path, progress, leaveOut);
  }
}

/** How much there is to copy, where one file tells it. */
async function sizeOf(client: VolaryClient, source: Side): Promise<number | null> {
  if (source.kind === 'stream') return null;
  if (source.kind === 'vm') {
    const entry = await client.files.stat(source.ref, source.path);
    return entry.type === 'file' ? entry.size_bytes : null;
  }
  const facts = await stat(source.path).catch(() => null); // told of when it is opened
  return facts?.isFile() === true ? facts.size : null;
}
