import { describe, expect, it } from 'vitest';
import type { Image } from '../../domain/image/image.ts';
import type { BuildProgress } from '../../ports/image-source.ts';
import { createSharedBuild, type SharedBuild } from './shared-build.ts';

const IMAGE: Image = {
  name: 'base',
  digest: '0'.repeat(64),
  boot: 'direct',
  kernelPath: '/kernel',
  initramfsPath: '/initramfs',
  rootPath: '/root',
  rootBytes: 1,
  sizeBytes: 1,
  kernelVersion: '6.1.0',
  builtAt: 0,
};
const STEP: BuildProgress = { step: 'root', fraction: 0.5, message: 'half' };

/** A build that waits to be told how it ends; cancelled, it takes until then to tidy up. */
function begin(): {
  readonly build: SharedBuild;
  readonly signal: AbortSignal;
  finish(image: Image): void;
  fail(error: unknown): void;
  report(progress: BuildProgress): void;
} {
  const end = Promise.withResolvers<Image>();
  const inside = { signal: AbortSignal.abort(), report: (_: BuildProgress): void => undefined };
  const build = createSharedBuild((signal, report) => {
    Object.assign(inside, { signal, report });
    return end.promise;
  });
  return { build, ...inside, finish: end.resolve, fail: end.reject };
}

function caller(): {
  readonly signal: AbortSignal;
  readonly heard: BuildProgress[];
  leave(): void;
  onProgress(p: BuildProgress): void;
} {
  const controller = new AbortController();
  const heard: BuildProgress[] = [];
  return {
    signal: controller.signal,
    heard,
    leave: () => controller.abort(new Error('gone')),
    onProgress: (progress) => heard.push(progress),
  };
}

describe('a build that several wait for', () => {
  it('tells whoever comes late how far it is', async () => {
    const { build, finish, report } = begin();
    const [one, late] = [caller(), caller()];
    const first = build.join(one);
    report(STEP);

    const second = build.join(late);
    expect(late.heard).toEqual([STEP]);
    finish(IMAGE);

    expect(await Promise.all([first, second])).toEqual([IMAGE, IMAGE]);
    expect(one.heard).toEqual([STEP]);
  });

  it('gives all of them the image and its progress', async () => {
    const { build, finish, report } = begin();
    const [one, other] = [caller(), caller()];

    const both = Promise.all([build.join(one), build.join(other)]);
    report(STEP);
    finish(IMAGE);

    expect(await both).toEqual([IMAGE, IMAGE]);
    expect([one.heard, other.heard]).toEqual([[STEP], [STEP]]);
  });

  it('goes on while one of them still waits', async () => {
    const { build, signal, finish } = begin();
    const [impatient, patient] = [caller(), caller()];
    const waiting = build.join(patient);
    const gone = build.join(impatient);

    impatient.leave();
    await expect(gone).rejects.toThrow('gone');

    expect(signal.aborted).toBe(false);
    expect(build.isOpen()).toBe(true);
    finish(IMAGE);
    expect(await waiting).toBe(IMAGE);
  });

  it('is cancelled with the last of them, who hears of it when it has tidied up, and is joined by nobody then', async () => {
    const { build, signal, fail } = begin();
    const last = caller();
    const order: string[] = [];
    const gone = build.join(last).catch(() => order.push('caller'));
    void build.ended.then(() => order.push('build'));

    last.leave();
    await expect.poll(() => signal.aborted).toBe(true);
    expect(build.isOpen()).toBe(false);
    fail(signal.reason);
    await gone;

    expect(order).toEqual(['build', 'caller']);
  });

  it('fails for all of them alike', async () => {
    const { build, fail } = begin();
    const both = [build.join(caller()), build.join(caller())];

    fail(new Error('apt said no'));

    for (const one of both) await expect(one).rejects.toThrow('apt said no');
  });
});
