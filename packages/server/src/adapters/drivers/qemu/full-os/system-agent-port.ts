/** Where a whole system's own agent listens, by the name that it looks for. */
export const SYSTEM_AGENT_PORT = 'org.qemu.guest_agent.0';

/** Whether a machine of these arguments is that of a whole system. */
export function isWholeSystem(argv: readonly string[]): boolean {
  return argv.some((argument) => argument.includes(`name=${SYSTEM_AGENT_PORT}`));
}
