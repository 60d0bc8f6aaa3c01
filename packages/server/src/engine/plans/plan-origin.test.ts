import { describe, expect, it } from 'vitest';
import { DISK, fromSnapshot, HANDLE, look, perform } from './plan-world.test-kit.ts';

describe('the planner, of a VM that begins from a snapshot', () => {
  it('waits for the snapshot that a new VM begins from, and makes its disk and its machine from that', () => {
    const it = fromSnapshot('made', 'creating');
    it.isImageReady = false;

    expect(look(it)).toEqual({ kind: 'await-snapshot' });
    it.originState = 'failed';
    expect(look(it)).toMatchObject({ kind: 'impossible', reason: 'snapshot.not_made' });
    it.originState = 'gone';
    expect(look(it)).toMatchObject({ kind: 'impossible', reason: 'snapshot.lost' });
    it.originState = 'ready';
    expect(look(it)).toMatchObject({ step: 'create-disk', phase: 'provisioning' });
    it.observation = { disk: DISK, machine: { kind: 'absent' } };
    it.vm = { ...it.vm, imageDigest: 'sha' };
    expect(look(it)).toMatchObject({ step: 'start-machine', phase: 'starting' });
  });

  it('leaves a VM that is to be restored as it is until all is there that it needs', () => {
    const it = fromSnapshot('awaited', 'ready');
    it.vm = { ...it.vm, imageDigest: 'sha', startedAt: 1 };
    it.observation = { disk: DISK, machine: { kind: 'running', incarnation: 0, handle: HANDLE, pid: 7 } };

    expect(look(it)).toMatchObject({ step: 'prepare-restore', phase: 'restarting' });
    perform(it, 'prepare-restore', false);
    expect(look(it)).toMatchObject({ step: 'end-machine' });
    perform(it, 'end-machine', false);
    expect(look(it)).toMatchObject({ step: 'start-machine' });
  });
});
