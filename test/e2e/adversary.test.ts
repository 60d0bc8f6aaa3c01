import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoBridges } from '../../packages/server/src/adapters/networks/why-no-bridges.ts';
import { createInstallation, type Installation, runToEnd } from './installation.ts';

/*
 * A guest that tries every listener of its host, at every address that this has. The host is a network namespace with a server, other listeners and
 * addresses that guests know by heart: no packet leaves it.
 */

const whyNot = whyNoBridges();
const SPACE = `volary-test-${randomBytes(4).toString('hex')}`;
const ENTER = ['nsenter', `--net=/run/netns/${SPACE}`] as const;
/** A private and a public network, that of metadata services, and the host as QEMU's own network stack has it. */
const HOST_ADDRESSES = ['192.168.77.1/24', '198.51.100.7/24', '169.254.169.254/32', '10.0.2.2/32', '2001:db8::7/64'];
const LISTENERS = `
const { createServer } = require('node:net');
let left = 4;
for (const [host, port] of [['0.0.0.0', 9001], ['::', 9002], ['127.0.0.1', 9003], ['169.254.169.254', 80]])
  createServer((socket) => socket.end('the host')).listen({ host, port }, () => --left || console.log('ready'));`;

/** A program of a guest's that listens on port 7001. */
const LISTEN = 'my $s = IO::Socket::INET->new(LocalPort => 7001, Listen => 9) or die; $s->accept while 1';

async function run(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

if (whyNot !== null) it('guests reach no listener of the host', (context) => context.skip(whyNot));
else describe('a guest that tries every listener of the host', tryEverything);

function tryEverything(): void {
  let here: Installation;
  let endListeners: () => Promise<unknown>;

  beforeAll(async () => {
    await run(['ip', 'netns', 'add', SPACE]);
    await run([...ENTER, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
    await run([...ENTER, 'ip', 'link', 'set', 'lo', 'up']);
    await run([...ENTER, 'ip', 'link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1']);
    for (const address of HOST_ADDRESSES) await run([...ENTER, 'ip', 'address', 'add', address, 'dev', 'lan0']);
    for (const name of ['lan0', 'lan1']) await run([...ENTER, 'ip', 'link', 'set', name, 'up']);
    await run([...ENTER, 'ip', 'route', 'add', 'default', 'dev', 'lan0']);
    const [enter, ...rest] = ENTER;
    const listeners = spawn(enter, [...rest, process.execPath, '-e', LISTENERS], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(listeners, 'exit');
    endListeners = () => {
      listeners.kill();
      return ended;
    };
    await once(listeners.stdout, 'data');
    here = createInstallation('qemu', { VOLARY_DOCKER_SOCKET: 'off' }, ENTER);
    await here.must(['up', '--detach', '--no-vm']);
  });
  afterAll(async () => {
    await here?.remove();
    await endListeners?.();
    await run(['ip', 'netns', 'delete', SPACE]);
  });

  /** What listens on the host at this moment, at every address of the host's, and at some that guests believe in. */
  async function targetsOf(gateway: string): Promise<readonly string[]> {
    const ports = (await run([...ENTER, 'ss', '-Hltn'])).matchAll(/:(\d+)\s+\S+:\*/g);
    const addresses = (await run([...ENTER, 'ip', '-o', 'address', 'show'])).matchAll(/inet6? ([^/\s]+)/g);
    const places = new Set([...[...addresses].map(([, address]) => address), gateway, '10.0.2.2', '169.254.169.254']);
    places.delete('127.0.0.1'); // is the guest itself
    places.delete('::1');
    return [...new Set([...ports].map(([, port]) => port))].flatMap((port) =>
      [...places].map((place) => `${place} ${port}`),
    );
  }

  /** Tries all of them at once, from within a guest. Returns those that answered, be it by a refusal. */
  async function answersTo(
    name: string,
    targets: readonly string[],
  ): Promise<Record<'connected' | 'refused', string[]>> {
    const script = `
      interface=$(ls /sys/class/net | grep -v '^lo$' | head -1)
      try() {
        case $1 in fe80*) place=$1%$interface ;; *) place=$1 ;; esac
        said=$(timeout 5 bash -c "exec 3<>/dev/tcp/$place/$2" 2>&1) && echo "connected $1 $2" && return
        case $said in *refused*) echo "refused $1 $2" ;; esac
      }
      while read -r place port; do try "$place" "$port" & done
      wait`;
    const said = await here.must(['exec', name, '--', 'bash', '-c', script], { input: `${targets.join('\n')}\n` });
    const lines = said.split('\n');
    const those = (word: string): string[] =>
      lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length + 1));
    return { connected: those('connected'), refused: those('refused') };
  }

  it('finds that the host reaches them itself, so that there is something to find', async () => {
    const targets = await targetsOf('192.168.77.1');

    expect(targets.length).toBeGreaterThan(20);
    for (const target of ['192.168.77.1 9001', '10.0.2.2 9002', '169.254.169.254 80'])
      expect(targets).toContain(target);
    expect(await run([...ENTER, 'bash', '-c', 'cat </dev/tcp/169.254.169.254/80'])).toBe('the host');
  });

  it.each(['none', 'user'])('reaches nothing with the network %s', async (mode) => {
    const name = `net-${mode}`;
    await here.must(['create', name, '--memory', '192', '--network', mode]);

    const { connected } = await answersTo(name, await targetsOf('10.0.2.2'));

    expect(connected).toEqual([]);
    await here.must(['rm', '--force', name]);
  });

  it('reaches its peer and nothing of the host on a bridge that has egress', async () => {
    await here.must(['create', 'peer', '--memory', '192', '--network', 'bridge']);
    await here.must(['create', 'bridged', '--memory', '192', '--network', 'bridge', '--egress', 'allow']);
    const { ip } = JSON.parse(await here.must(['get', 'peer', '--json']));
    await here.must(['exec', '-d', 'peer', '--', 'perl', '-MIO::Socket::INET', '-e', LISTEN]);
    await here.must(['exec', 'peer', '--', 'sh', '-c', 'until grep -q ":1B59 .* 0A " /proc/net/tcp; do :; done']);
    const gateway = ip.replace(/\d+$/, '1');
    const targets = await targetsOf(gateway);

    const { connected, refused } = await answersTo('bridged', [...targets, `${ip} 7`, `${ip} 7001`]);

    // The pair of interfaces that leads out is there, so that its address was tried as well.
    expect(new Set(targets.map((target) => target.split(' ')[0])).size).toBeGreaterThan(HOST_ADDRESSES.length + 1);
    expect(connected).toEqual([`${ip} 7001`]);
    expect(refused).toEqual([`${ip} 7`]);
  });
}
