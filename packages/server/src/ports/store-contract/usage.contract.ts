import { describe, expect, it } from 'vitest';
import type { Vm } from '../../domain/vm/vm.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';
import { sampleGroup, sampleNetwork } from './networks.contract.ts';
import { numberedId, sampleExecution, sampleSnapshot, sampleVm } from './samples.contract.ts';

/** What is asked of the sums that quotas are held against. */
export function usageContract(make: MakeStore): void {
  describe('what one user has', () => {
    it(
      'is nothing to begin with',
      withStore(make, async ({ vms, snapshots, executions }) => {
        expect(await vms.usageOf('bird')).toEqual({ vms: 0, diskGib: 0, vcpus: 0, memoryMib: 0 });
        expect([await snapshots.countOf('bird'), await executions.countActiveOf('bird')]).toEqual([0, 0]);
      }),
    );

    it(
      'of VMs is all that are kept, and the processors and memory of those that have a machine',
      withStore(make, async ({ vms }) => {
        const powers = ['running', 'paused', 'stopped', 'suspended', 'absent'] as const;
        const spec = { ...sampleVm(1).spec, vcpuCount: 2, memoryMib: 100, diskGib: 3 };
        const of = (number: number, owner: string, power: Vm['desired']['power']): Vm =>
          sampleVm(number, { owner, spec, desired: { power, incarnation: 1, graceMs: 0 } });
        for (const [i, power] of powers.entries()) await vms.insert(of(i + 1, 'bird', power));
        await vms.insert(of(9, 'cat', 'running'));

        expect(await vms.usageOf('bird')).toEqual({ vms: 5, diskGib: 15, vcpus: 4, memoryMib: 200 });
        expect(await vms.usageOf('cat')).toEqual({ vms: 1, diskGib: 3, vcpus: 2, memoryMib: 100 });
      }),
    );

    it(
      'of snapshots is all but those of forks',
      withStore(make, async ({ snapshots }) => {
        await snapshots.insert(sampleSnapshot(1, { owner: 'bird' }));
        await snapshots.insert(sampleSnapshot(2, { owner: 'bird', isTemporary: true }));
        await snapshots.insert(sampleSnapshot(3, { owner: 'cat' }));

        expect([await snapshots.countOf('bird'), await snapshots.countOf('cat')]).toEqual([1, 1]);
      }),
    );

    it(
      'of networks and security groups is all of them',
      withStore(make, async ({ networks, securityGroups }) => {
        for (const [number, owner] of [
          [1, 'bird'],
          [2, 'bird'],
          [3, 'cat'],
        ] as const)
          await networks.insert(sampleNetwork(number, { owner }));
        await securityGroups.insert(sampleGroup(1, { owner: 'cat' }));
        const counted = async (owner: string) => [await networks.countOf(owner), await securityGroups.countOf(owner)];

        expect(await counted('bird')).toEqual([2, 0]);
        expect(await counted('cat')).toEqual([1, 1]);
        expect(await counted('nobody')).toEqual([0, 0]);
      }),
    );

    it(
      'of commands is those that have not ended',
      withStore(make, async ({ executions }) => {
        const vmId = numberedId('vm', 1);
        await executions.insert(sampleExecution(1, vmId, { owner: 'bird' }));
        await executions.insert(sampleExecution(2, vmId, { owner: 'bird', state: 'starting' }));
        await executions.insert(sampleExecution(3, vmId, { owner: 'bird', state: 'exited', completedAt: 5 }));
        await executions.insert(sampleExecution(4, vmId, { owner: 'cat' }));

        expect([await executions.countActiveOf('bird'), await executions.countActiveOf('cat')]).toEqual([2, 1]);
      }),
    );
  });
}
