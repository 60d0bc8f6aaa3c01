import type { DriverCapabilities } from '../../../ports/driver.ts';
import { TRANSLATED_MIB } from './command-line.ts';
import { SUPPORTED_NETWORK_MODES } from './network.ts';

export const QEMU_CAPABILITIES: DriverCapabilities = {
  supportsPause: true,
  supportsConsole: true,
  supportsSnapshots: true,
  supportsLiveResize: true,
  supportsExtraDisks: true,
  supportsFirmware: true,
  supportsFixedPacks: false,
  networkModes: SUPPORTED_NETWORK_MODES,
  // Under emulation mostly translated code, which is bounded; with KVM it is a third of it.
  memoryOverheadMib: TRANSLATED_MIB + 32,
};
