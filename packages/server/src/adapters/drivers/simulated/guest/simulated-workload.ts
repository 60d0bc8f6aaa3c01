import type { GuestRuns, SupervisedProcess } from '../../../../ports/guest-link.ts';
import { type ProcessDeps, SimulatedProcess } from './simulated-process.ts';

/** One link's view of a workload. */
export class SimulatedWorkload extends SimulatedProcess implements SupervisedProcess {
  readonly #deps: ProcessDeps;
  readonly #stopHearing: () => void;
  #listener: ((runs: GuestRuns) => void) | null = null;
  #told: GuestRuns | null = null;

  constructor(deps: ProcessDeps) {
    super(deps);
    this.#deps = deps;
    this.#stopHearing = deps.execution.onChange(() => this.#tell());
  }

  listen(listener: (runs: GuestRuns) => void): void {
    this.#listener = listener;
    this.#told = null;
    this.#tell();
  }

  async control(what: 'end' | 'run-again'): Promise<void> {
    this.#deps.execution.control(what);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#stopHearing();
    await super[Symbol.asyncDispose]();
  }

  #tell(): void {
    const { runs } = this.#deps.execution;
    if (runs === this.#told) return;
    this.#told = runs;
    this.#listener?.(runs);
  }
}
