import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { Log } from '../../../ports/log.ts';
import type { OwnImage } from '../../shared/own-agent.ts';
import type { ConnectAgent } from './agent-transport.ts';

/** What a QEMU driver is made with. */
export interface QemuDriverDeps {
  /** VMs lie in `vms/` below it; what is there must not be lost. Absolute. */
  readonly dataDir: string;
  /** Which installation the VMs belong to; a record of another one is left alone. */
  readonly installationId: string;
  /** For what can be found out again: the chosen accelerator. Absolute. */
  readonly cacheDir: string;
  readonly log: Log;
  readonly connectAgent: ConnectAgent;
  readonly ownImage: OwnImage;
  /** Where programs are looked for; default: PATH. */
  readonly searchPath?: string;
  /** For tests that kill this program. */
  readonly faultPoint?: FaultPoint;
}
