/** What comes with the program to run cloud-init in guests of ours (`guest/cloud-init`). */
export interface CloudInitProgram {
  /** Python, which runs the stages. */
  readonly stages: string;
  /** How cloud-init is set where there is none of what it expects of a system. */
  readonly config: string;
}
