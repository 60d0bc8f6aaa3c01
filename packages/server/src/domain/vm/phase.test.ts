import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canMove, isTransient, PHASE_TRANSITIONS, SETTLED_PHASES, TRANSIENT_PHASES, VM_PHASES } from './phase.ts';

const header = readFileSync(new URL('./phase.ts', import.meta.url), 'utf8').split('*/')[0] ?? '';

describe('phases', () => {
  it.each(VM_PHASES)('%s has its sentence in the header', (phase) => {
    expect(header).toMatch(new RegExp(`^ \\* ${phase} +\\S`, 'm'));
  });

  it('are either transient or settled', () => {
    expect(new Set([...TRANSIENT_PHASES, ...SETTLED_PHASES]).size).toBe(
      TRANSIENT_PHASES.length + SETTLED_PHASES.length,
    );
    expect(TRANSIENT_PHASES.every(isTransient)).toBe(true);
    expect(SETTLED_PHASES.some(isTransient)).toBe(false);
  });

  it.each(VM_PHASES)('%s can be deleted, unless it is being', (phase) => {
    expect(canMove(phase, 'deleting')).toBe(phase !== 'deleting');
  });

  it.each(VM_PHASES.filter((phase) => phase !== 'pending'))('%s can be reached from pending', (target) => {
    const reached = new Set<string>(['pending']);
    for (let size = 0; size !== reached.size; ) {
      size = reached.size;
      for (const from of VM_PHASES) if (reached.has(from)) for (const to of PHASE_TRANSITIONS[from]) reached.add(to);
    }

    expect(reached).toContain(target);
  });

  it('never lead to themselves or back to pending', () => {
    for (const from of VM_PHASES) {
      expect(canMove(from, from)).toBe(false);
      expect(canMove(from, 'pending')).toBe(false);
    }
  });

  it.each(TRANSIENT_PHASES)('%s can fail', (phase) => {
    expect(canMove(phase, 'failed')).toBe(true);
  });

  it('lets a VM be stopped, restarted and deleted wherever it can be asked for', () => {
    const phases = [
      'pending',
      'provisioning',
      'starting',
      'running',
      'pausing',
      'paused',
      'resuming',
      'failed',
    ] as const;
    for (const phase of phases)
      for (const next of ['stopping', 'restarting', 'deleting'] as const)
        expect([phase, next, canMove(phase, next)]).toEqual([phase, next, true]);
    for (const next of ['restarting', 'deleting'] as const) expect(canMove('stopping', next)).toBe(true);
  });
});
