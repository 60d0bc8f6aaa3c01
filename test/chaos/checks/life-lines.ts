import type { Event } from '@volary/contract';

/** What has a beginning, an end, and nothing after it: by its events `<kind>.created` and `<kind>.deleted`. */
const KINDS = ['deployment', 'workspace', 'network', 'security_group', 'volume'];

/** What the events of one thing so far come to. */
interface Life {
  isOver: boolean;
  /** Of a deployment. */
  phase: string;
  replicas: number;
  /** Number of the revision whose rollout began last; null: that is over. */
  rollout: number | null;
  /** Of a workspace: steps that are done, and the one that was begun; null: none is under way. */
  done: number;
  step: number | null;
  isReady: boolean;
}

/** Follows what lives longer than a moment, other than VMs. */
export interface LifeLines {
  /** What is wrong with this event after those before it, or null. */
  follow(event: Event): string | null;
}

export function createLifeLines(): LifeLines {
  const lives = new Map<string, Life>();
  return {
    follow({ type, subject, data }) {
      const [kind = '', what = ''] = type.split('.');
      if (!KINDS.includes(kind)) return null;
      const life = lives.get(subject);
      if (what === 'created') {
        if (life !== undefined) return 'it was created before';
        lives.set(subject, bornWith(data));
        return null;
      }
      if (life === undefined) return 'it was never created';
      if (life.isOver) return 'it was deleted before';
      if (what === 'deleted') life.isOver = true;
      return followDeployment(life, type, data) ?? followWorkspace(life, type, data);
    },
  };
}

function bornWith(data: Event['data']): Life {
  const replicas = Number(data['replicas'] ?? 0);
  return { isOver: false, phase: 'pending', replicas, rollout: null, done: 0, step: null, isReady: false };
}

function followDeployment(life: Life, type: Event['type'], data: Event['data']): string | null {
  if (type === 'deployment.phase_changed') {
    const [before, from] = [life.phase, data['from']];
    life.phase = String(data['to']);
    return from === before ? null : `it was ${before}, and tells ${from}`;
  }
  if (type === 'deployment.scaled') {
    const [before, from] = [life.replicas, data['from']];
    life.replicas = Number(data['to']);
    return from === before ? null : `it had ${before}, and tells ${from}`;
  }
  if (type === 'deployment.rollout_started') life.rollout = Number(data['revision']);
  if (type === 'deployment.rollout_completed') {
    const before = life.rollout;
    life.rollout = null;
    if (before !== data['revision']) return `the rollout under way was ${before}`;
  }
  return null;
}

function followWorkspace(life: Life, type: Event['type'], data: Event['data']): string | null {
  if (!type.startsWith('workspace.')) return null;
  if (type === 'workspace.ready') {
    if (life.isReady || life.step !== null) return 'it was ready, or a step was under way';
    life.isReady = true;
  }
  if (type === 'workspace.step_started') {
    if (life.isReady || life.step !== null || data['step'] !== life.done) return `${life.done} steps were done before`;
    life.step = life.done;
  }
  if (type === 'workspace.step_completed') {
    if (data['step'] !== life.step) return `the step under way was ${life.step}`;
    life.done += 1;
    life.step = null;
  }
  return null;
}
