/** What a piece of work takes of the processor, in all threads of this process; unlike its duration, the same on a machine that others load. */
export async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
