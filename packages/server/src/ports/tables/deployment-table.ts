import type { Deployment, DeploymentRevision } from '../../domain/deployment/deployment.ts';
import type { ReplicaVm } from '../../domain/deployment/replica.ts';
import type { DeploymentId, SecretId } from '../../domain/ids.ts';
import type { TemplateRef } from '../../domain/template/template.ts';
import type { OfOwner, PageRequest } from '../requests.ts';

/** Deployments, in the order they were made, and their revisions. */
export interface DeploymentTable {
  /** Throws `already_exists` deployment.name_taken. */
  insert(deployment: Deployment): Promise<void>;
  get(id: DeploymentId): Promise<Deployment | null>;
  getByName(name: string): Promise<Deployment | null>;
  list(page: PageRequest<DeploymentId> & OfOwner): Promise<readonly Deployment[]>;
  /** Writes the row if its revision is still `deployment.revision - 1`; throws `conflict` store.revision otherwise. */
  update(deployment: Deployment): Promise<void>;
  /** Removes the row with its revisions if its revision is still this one; throws `conflict` store.revision otherwise. */
  delete(id: DeploymentId, revision: number): Promise<void>;
  /** Its VMs, as far as they are looked at together, by their numbers. */
  listReplicas(id: DeploymentId): Promise<readonly ReplicaVm[]>;
  /** Throws `conflict` store.constraint when there is one of this number. */
  insertRevision(revision: DeploymentRevision): Promise<void>;
  getRevision(id: DeploymentId, number: number): Promise<DeploymentRevision | null>;
  /** Newest first; `after` is the last number of the page before. */
  listRevisions(id: DeploymentId, page: PageRequest<number>): Promise<readonly DeploymentRevision[]>;
  /** The highest number; 0 when there is none. */
  latestRevision(id: DeploymentId): Promise<number>;
  /** Removes those up to this number, but for these. */
  dropRevisions(id: DeploymentId, which: { readonly upTo: number; readonly but: readonly number[] }): Promise<void>;
  /** Names of deployments that have a revision made from this version of a template, or from any; at most `limit`. */
  listMadeFrom(template: TemplateRef, limit: number): Promise<readonly string[]>;
  /** Names of deployments that have a revision whose VMs are given this secret; at most `limit`. */
  listGiven(secretId: SecretId, limit: number): Promise<readonly string[]>;
}
