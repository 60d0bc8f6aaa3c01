import {
  createNetworkWorld,
  plannedGuest,
  plannedNetwork,
} from '../packages/server/src/adapters/networks/network-world.fixture.ts';
import { whyNoBridges } from '../packages/server/src/adapters/networks/why-no-bridges.ts';
import type { NetworkPlan } from '../packages/server/src/ports/networks.ts';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { median } from './lib/stats.ts';

const GUESTS = 100;
const ROUNDS = 5;
const BOUND_MS = 5_000;
const RULE = { cidr: '198.51.100.0/24', protocol: 'tcp', ports: '443' } as const;

/** What a hundred guests cost that come and go at once. */
export const networkAttach: Benchmark = {
  name: 'network-attach',
  about: `${GUESTS} interfaces of guests with rules of their own made and removed in a namespace of its own, all at once, and one more beside them; median of ${ROUNDS}`,
  async run(say, { rounds }) {
    const whyNone = whyNoBridges();
    if (whyNone !== null) return [{ name: `${GUESTS} interfaces`, omitted: whyNone }];
    const network = plannedNetwork(1);
    const egress = { policy: 'allowlist', allow: [RULE] } as const;
    const guests = Array.from({ length: GUESTS + 1 }, (_, n) =>
      plannedGuest(network, n + 2, { groups: [`group-${n}`], egress }),
    );
    const groups = guests.map((_, n) => ({
      name: `group-${n}`,
      ingress: [{ ...RULE, ports: `${n + 1}` }],
      egress: [RULE],
    }));
    const planOf = (count: number): NetworkPlan => ({ networks: [network], guests: guests.slice(0, count), groups });
    const [attach, more, detach]: [number[], number[], number[]] = [[], [], []];
    await using world = await createNetworkWorld();
    const timed = async (count: number): Promise<number> => {
      const startedMs = performance.now();
      await world.apply(planOf(count));
      return performance.now() - startedMs;
    };
    for (let round = 1; round <= (rounds ?? ROUNDS); round++) {
      say(`round ${round}`);
      attach.push(await timed(GUESTS));
      more.push(await timed(GUESTS + 1));
      detach.push(await timed(0));
    }
    const bounded = (name: string, value: number): Figure => ({
      ...{ name, value, unit: 'ms' },
      bound: { kind: 'at most', value: BOUND_MS, of: 'value' },
    });
    return [
      bounded(`${GUESTS} made`, median(attach)),
      { name: 'one more', value: median(more), unit: 'ms' },
      bounded(`${GUESTS} removed`, median(detach)),
    ];
  },
};
