import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Accelerator } from '../../../domain/host/host.ts';
import type { DirectImage } from '../../../domain/image/image.ts';
import { integer, oneOf, record, text } from '../../../lib/shape.ts';
import { abortable } from '../../shared/abortable.ts';
import { readBootId } from '../../shared/process.ts';
import { readFacts, valueIn } from '../../shared/read-facts.ts';
import { replaceFile } from '../../shared/replace-file.ts';
import { identityOf } from '../../shared/vm-identity.ts';
import { findKvm, type KvmDevice, withKvmGroups } from './kvm-device.ts';
import { bootProbeGuest, type ProbeDeps } from './probe-guest.ts';
import type { QemuProgram } from './qemu-program.ts';

/** A guest that has not answered by then under hardware acceleration never will: it takes a tenth of that. */
const PROBE_TIMEOUT_MS = 5_000;

const STORED = record({ kind: oneOf('kvm', 'tcg', 'none'), explanation: text, probedAt: integer() });

/** An accelerator as it was found, and what a VMM needs in order to use it. */
export interface ChosenAccelerator {
  readonly accelerator: Accelerator;
  readonly kvm: KvmDevice;
}

export interface AcceleratorChooser {
  /** The accelerator for this image's kernel, tried once per boot of the host and then remembered. Throws the signal's reason. */
  choose(
    program: QemuProgram,
    image: DirectImage,
    options: { readonly signal: AbortSignal },
  ): Promise<ChosenAccelerator>;
}

/** What `/v1/hosts` shows before there is an image to try with. */
export function notTried(): Accelerator {
  return { kind: 'none', explanation: 'Not tried yet: the probe guest needs an image.', probedAt: Date.now() };
}

/** A chooser that remembers in `cacheDir`. */
export function createAcceleratorChooser(deps: ProbeDeps): AcceleratorChooser {
  const underWay = new Map<string, Promise<Accelerator>>();
  return {
    async choose(program, image, { signal }) {
      const runsAsUs = identityOf('probe', []) === null;
      const kvm = await findKvm(runsAsUs);
      const path = join(deps.cacheDir, `accelerator-${await keyOf(program, image, kvm)}.json`);
      const remembered = await recall(path);
      if (remembered !== null) return { accelerator: remembered, kvm };
      const running = underWay.get(path) ?? decide(deps, { program, image, kvm }).then(remember(deps, path));
      underWay.set(path, running);
      const forget = (): void => void underWay.delete(path);
      running.then(forget, forget);
      return { accelerator: await abortable(running, signal), kvm };
    },
  };
}

async function decide(
  deps: ProbeDeps,
  { program, image, kvm }: { readonly program: QemuProgram; readonly image: DirectImage; readonly kvm: KvmDevice },
): Promise<Accelerator> {
  const fallBack = (why: string): Accelerator => emulation(program, why);
  if (kvm.kind === 'absent') return fallBack('This host has no /dev/kvm');
  if (kvm.kind === 'forbidden') {
    return fallBack(
      '/dev/kvm is there, but only for its owner (chgrp kvm /dev/kvm && chmod 660 /dev/kvm would let VMs use it)',
    );
  }
  const identity = withKvmGroups(identityOf('probe', []), kvm);
  const result = await bootProbeGuest(deps, {
    program,
    image,
    identity,
    accelerator: 'kvm',
    timeoutMs: PROBE_TIMEOUT_MS,
    // Others may be waiting for the same answer, so that no single one of them can call it off.
    signal: new AbortController().signal,
  });
  if (result.kind === 'failed') return fallBack(`/dev/kvm is there, but ${result.why}`);
  const explanation = `A probe guest answered under /dev/kvm after ${result.afterMs} ms.`;
  return { kind: 'kvm', explanation, probedAt: Date.now() };
}

function emulation(program: QemuProgram, why: string): Accelerator {
  const [kind, then] = program.hasTcg
    ? (['tcg', 'guests are emulated in software (TCG), which is several times slower'] as const)
    : (['none', 'this QEMU cannot emulate one either'] as const);
  return { kind, explanation: `${why}; ${then}.`, probedAt: Date.now() };
}

/** Another boot of the host, version of QEMU, kernel, or right to the device makes the answer worthless. */
async function keyOf(program: QemuProgram, image: DirectImage, kvm: KvmDevice): Promise<string> {
  const kernel = await stat(image.kernelPath).catch(() => null);
  const parts = [readBootId(), program.version, image.kernelVersion, kernel?.size ?? 0, kvm.kind];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

async function recall(path: string): Promise<Accelerator | null> {
  // Damaged, it is only a memory, and the probe is made again.
  return valueIn(await readFacts(path, STORED));
}

function remember(deps: ProbeDeps, path: string): (accelerator: Accelerator) => Promise<Accelerator> {
  return async (accelerator) => {
    await mkdir(deps.cacheDir, { recursive: true, mode: 0o700 });
    await replaceFile(path, JSON.stringify(accelerator), { mode: 0o600 });
    deps.log.info('accelerator chosen', { accelerator: accelerator.kind, explanation: accelerator.explanation });
    return accelerator;
  };
}
