import { randomUUIDv7 } from 'node:crypto';
import { afterAll, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { guestLinkContract } from '../../../ports/guest-link.contract.ts';
import { command, type GuestLinkSubject, readUntil } from '../../../ports/guest-link-contract/subject.contract.ts';
import { startTestEngine } from './docker-engine.fixture.ts';
import { makeDockerHost } from './docker-host.fixture.ts';

const options = { signal: new AbortController().signal };

/** Listens on a port of its choice, prints it, and gives back what comes. Perl is in every Debian. */
const ECHO_SERVER = `use IO::Socket::INET; $| = 1; $SIG{CHLD} = 'IGNORE';
my $server = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die $!;
print $server->sockport, "\\n";
while (my $client = $server->accept) {
  next if fork;
  while (sysread $client, my $bytes, 65536) {
    for (my $at = 0; $at < length $bytes;) { $at += syswrite($client, $bytes, length($bytes) - $at, $at) || exit }
  }
  exit;
}`;

const engine = await startTestEngine();

if ('whyNot' in engine) {
  it('links to containers', ({ skip }) => skip(engine.whyNot));
} else {
  const { socketPath } = engine;
  afterAll(() => engine[Symbol.asyncDispose]());
  guestLinkContract({
    name: 'the link into a container',
    make: () => make(socketPath),
    skip: [
      {
        reason: 'containers cannot be saved, so that none is prepared for it',
        tests: ['a guest that runs a command is not prepared, and goes on'],
      },
    ],
  });
}

async function make(socketPath: string): Promise<GuestLinkSubject> {
  const host = await makeDockerHost(socketPath);
  const driver = host.makeDriver();
  const machine = host.makeMachine();
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  const link = await driver.openLink(machine.vmId, options);
  await link.makeDirectory('/srv/contract', { ...options, makeParents: true });
  const echo = await link.exec(idFromUuid('exec', randomUUIDv7()), command(['perl', '-e', ECHO_SERVER]), options);
  const echoPort = Number((await readUntil(echo, '\n')).trim());
  return {
    link,
    directory: '/srv/contract',
    echoPort,
    async [Symbol.asyncDispose]() {
      await echo[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
      await driver.endMachine(machine.vmId, options);
      await driver.deleteDisk(machine.vmId, options);
      await driver[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}
