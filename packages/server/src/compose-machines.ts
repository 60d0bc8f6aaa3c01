/** What composes machines is given, and gives, whichever they are. */
import { join } from 'node:path';
import type { Clock } from './ports/clock.ts';
import type { Driver } from './ports/driver.ts';
import type { FaultPoint } from './ports/fault-point.ts';
import type { FindDefinition, ImageSource } from './ports/image-source.ts';
import type { Log } from './ports/log.ts';
import type { Networks } from './ports/networks.ts';
import type { ToolSource } from './ports/tool-source.ts';

/** Where the files lie that guests are made of. */
export const GUEST_PATH = join(import.meta.dirname, '../../../guest');

export interface MachineDeps {
  readonly installationId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly faultPoint: FaultPoint | null;
  readonly definitionOf: FindDefinition;
}

/** The first driver is what a VM gets that asks for none. */
export interface Machines {
  readonly drivers: readonly [Driver, ...Driver[]];
  readonly images: ImageSource;
  readonly tools: ToolSource;
  readonly networks: Networks;
}
