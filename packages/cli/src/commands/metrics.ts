import type { Command } from 'commander';
import { connect } from '../connect.ts';
import type { Context } from '../context.ts';

/** `volary metrics`: what Prometheus scrapes, as it is now. */
export function configureMetrics(command: Command, context: Context): void {
  command.action(async () => void context.stdout.write(await (await connect(context)).metrics.scrape()));
}
