import { runCli } from './program.ts';

const exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
});
// Kept-alive connections and an open terminal would hold the process for seconds; all output has been written.
process.exit(exitCode);
