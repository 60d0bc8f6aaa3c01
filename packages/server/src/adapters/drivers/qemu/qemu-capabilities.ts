import type { DriverCapabilities } from '../../../ports/driver.ts';
import { SUPPORTED_NETWORK_MODES } from './network.ts';

export const QEMU_CAPABILITIES: DriverCapabilities = {
  supportsPause: true,
  supportsConsole: true,
  supportsSnapshots: true,
  networkModes: SUPPORTED_NETWORK_MODES,
};
