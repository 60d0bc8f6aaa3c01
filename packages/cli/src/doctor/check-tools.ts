import { findPackageManager, findProgram, installCommand, neededTools } from '../setup/find-tools.ts';
import { type Check, type Finding, fine } from './check.ts';

/** The programs of the system, each with the command that brings it. */
export const checkTools: Check = async ({ context }) => {
  const manager = await findPackageManager(context.env);
  const findings: Finding[] = [];
  for (const tool of neededTools('vms')) {
    const path = await findProgram(tool.probe, context.env);
    const title = tool.title ?? tool.probe;
    if (path !== null) findings.push(fine(`tool.${tool.probe}`, title, path));
    else {
      const fix =
        installCommand([tool], manager) ??
        `install ${tool.probe}: on Debian it is in ${tool.packages['apt-get'] ?? 'no package'}`;
      findings.push({ id: `tool.${tool.probe}`, title, status: 'fail', detail: `missing; ${tool.purpose}`, fix });
    }
  }
  return findings;
};
