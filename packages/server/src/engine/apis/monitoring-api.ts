import type { Principal } from '../../domain/principal/principal.ts';

/** A request that has been answered. */
export interface AnsweredRequest {
  readonly method: string;
  /** Of its path: `/v1/vms/{ref}`; null where there is none. */
  readonly route: string | null;
  readonly status: number;
  readonly durationMs: number;
}

/** What monitoring systems ask for. */
export interface MonitoringApi {
  /** All measures, as they are now, in the text format of Prometheus. Needs `metrics:read`, and tells of whatever VM there is. */
  scrape(principal: Principal): Promise<string>;
  /** Counts it. */
  noteRequest(request: AnsweredRequest): void;
}
