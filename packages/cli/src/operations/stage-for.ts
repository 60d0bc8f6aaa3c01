import type { Context } from '../context.ts';
import { type Stage, startStage } from '../output/progress.ts';

/** A stage on stderr; null with `--json`, where stderr is for errors alone. */
export function stageFor(context: Context, title: string): Stage | null {
  return context.globals.json === true ? null : startStage(context.stderr, title);
}
