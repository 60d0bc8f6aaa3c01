import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { guestLinkContract } from '../../../ports/guest-link.contract.ts';
import type { GuestLink, GuestProcess } from '../../../ports/guest-link.ts';
import {
  command,
  type GuestLinkSubject,
  inPieces,
  readAll,
  readToEnd,
  readUntil,
  shell,
  textOf,
} from '../../../ports/guest-link-contract/subject.contract.ts';
import { makeQemuHost, removeVm } from '../../drivers/qemu/qemu-host.fixture.ts';

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

guestLinkContract({ name: 'the link into a real VM', make });

async function make(): Promise<GuestLinkSubject> {
  const host = await makeQemuHost();
  const driver = host.makeDriver();
  const machine = host.makeMachine();
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  const link = await driver.openLink(machine.vmId, options);
  await link.makeDirectory('/srv/contract', { ...options, makeParents: true });
  const echo = await run(link, ['perl', '-e', ECHO_SERVER]);
  const echoPort = Number((await readUntil(echo, '\n')).trim());
  return {
    link,
    directory: '/srv/contract',
    echoPort,
    async [Symbol.asyncDispose]() {
      await echo[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
      await removeVm(driver, machine.vmId);
      await driver[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

function run(link: GuestLink, argv: readonly string[]): Promise<GuestProcess> {
  return link.exec(idFromUuid('exec', crypto.randomUUID()), command(argv), options);
}

test('a guest takes a new identity, freezes its file systems, and tells what it can', async () => {
  await using guest = await make();
  const { link } = guest;
  const machineId = randomBytes(16).toString('hex');

  expect(link.info.capabilities).toEqual(expect.arrayContaining(['identify', 'shutdown', 'freeze']));
  await link.identify(
    { hostname: 'renamed', machineId, wallClockMs: Date.now(), network: {}, entropy: randomBytes(32) },
    options,
  );
  const named = await readToEnd(
    await link.exec(idFromUuid('exec', crypto.randomUUID()), shell('hostname; cat /etc/machine-id'), options),
  );
  expect(named.stdout).toBe(`renamed\n${machineId}\n`);

  expect(await link.freeze(options)).toBeGreaterThanOrEqual(1);
  await expect(link.freeze(options)).rejects.toMatchObject({ reason: 'guest.refused', details: { errno: 'EBUSY' } });
  expect(await link.thaw(options)).toBeGreaterThanOrEqual(1);

  await link.writeFile('/srv/after', inPieces('thawed'), options);
  expect(textOf([await readAll((await link.readFile('/srv/after', options)).content)])).toBe('thawed');
});
