import { afterAll, beforeAll, describe, test } from 'vitest';
import { idFromUuid } from '../domain/ids.ts';
import { connectionLaws } from './guest-link-contract/connection.contract.ts';
import { directoryLaws } from './guest-link-contract/directory.contract.ts';
import { executionLaws } from './guest-link-contract/execution.contract.ts';
import { fileLaws } from './guest-link-contract/file.contract.ts';
import { machineLaws } from './guest-link-contract/machine.contract.ts';
import { onceLaws } from './guest-link-contract/once.contract.ts';
import type { GuestLinkContext, GuestLinkSubject } from './guest-link-contract/subject.contract.ts';
import { terminalLaws } from './guest-link-contract/terminal.contract.ts';
import { watchLaws } from './guest-link-contract/watch.contract.ts';
import { workloadLaws } from './guest-link-contract/workload.contract.ts';

/** Tests that an implementation cannot run, by their names, and why. */
export interface SkippedLaws {
  readonly reason: string;
  readonly tests: readonly string[];
}

/**
 * What every link to a guest must do. Called at the top of an implementation's own test file. `make` is called once; the
 * tests share the guest, each with names of its own. A name in `skip` that no test has is an error.
 */
export function guestLinkContract(implementation: {
  readonly name: string;
  readonly make: () => Promise<GuestLinkSubject>;
  readonly skip?: readonly SkippedLaws[];
}): void {
  describe(`${implementation.name} fulfils the guest link contract`, () => {
    const reasons = new Map(
      (implementation.skip ?? []).flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)),
    );
    let made: GuestLinkSubject | null = null;
    let paths = 0;

    const subject = (): GuestLinkSubject => {
      if (made === null) throw new Error('the subject was not made');
      return made;
    };
    const context: GuestLinkContext = {
      subject,
      law: (name, run) => {
        const reason = reasons.get(name);
        reasons.delete(name);
        test(name, async ({ skip }) => {
          if (reason !== undefined) skip(reason);
          await run();
        });
      },
      newPath: () => `${subject().directory}/${++paths}`,
      newId: () => idFromUuid('exec', crypto.randomUUID()),
      options: { signal: new AbortController().signal },
    };

    beforeAll(async () => {
      made = await implementation.make();
    });

    afterAll(async () => {
      await made?.[Symbol.asyncDispose]();
    });

    executionLaws(context);
    onceLaws(context);
    terminalLaws(context);
    fileLaws(context);
    directoryLaws(context);
    watchLaws(context);
    connectionLaws(context);
    workloadLaws(context);
    machineLaws(context);

    if (reasons.size > 0) throw new Error(`no such tests to skip: ${[...reasons.keys()].join(', ')}`);
  });
}
