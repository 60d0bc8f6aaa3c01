import type { DriverCapabilities } from '../../../ports/driver.ts';

/**
 * Containers can be halted and given more; their memory cannot be saved. Both modes are the same to them: a container has its own
 * loopback and nothing else, and is reached through its agent. What is mounted into one is settled when it is made, and so are its tools.
 */
export const DOCKER_CAPABILITIES: DriverCapabilities = {
  supportsPause: true,
  supportsConsole: true,
  supportsSnapshots: false,
  supportsLiveResize: true,
  supportsExtraDisks: false,
  supportsFirmware: false,
  supportsFixedPacks: true,
  networkModes: ['user', 'none'],
  memoryOverheadMib: 0,
};
