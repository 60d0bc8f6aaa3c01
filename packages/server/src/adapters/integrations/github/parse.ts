import { VolaryError } from '../../../domain/errors.ts';
import type { IncomingDelivery, IntegrationEvent } from '../../../domain/integrations.ts';
import type { Json } from '../../../domain/json.ts';
import { at, countAt, flagAt, known, numberAt, textAt } from '../shared/picks.ts';
import { isForm, readObject, textOf } from '../shared/read-body.ts';
import { digestOf } from '../shared/signatures.ts';

type Summary = Readonly<Record<string, Json>>;

/** What is kept of the events that people work with, by https://docs.github.com/en/webhooks/webhook-events-and-payloads. Of any other: where, and who. */
const SUMMARIES: Readonly<Record<string, (payload: unknown) => Summary>> = {
  ping: (payload) => ({ zen: textAt(payload, 'zen'), hook_id: numberAt(payload, 'hook_id') }),
  push: (payload) => ({
    ref: textAt(payload, 'ref'),
    before: textAt(payload, 'before'),
    after: textAt(payload, 'after'),
    forced: flagAt(payload, 'forced'),
    commits: countAt(payload, 'commits'),
    message: textAt(payload, 'head_commit', 'message'),
  }),
  pull_request: pullRequest,
  pull_request_review: (payload) => ({
    ...pullRequest(payload),
    state: textAt(payload, 'review', 'state'),
    body: textAt(payload, 'review', 'body'),
    url: textAt(payload, 'review', 'html_url'),
  }),
  pull_request_review_comment: (payload) => ({ ...pullRequest(payload), ...comment(payload) }),
  issues: issue,
  issue_comment: (payload) => ({
    ...issue(payload),
    is_pull_request: at(payload, 'issue', 'pull_request') !== undefined,
    ...comment(payload),
  }),
  check_run: (payload) => ({ ...outcome(at(payload, 'check_run')) }),
  check_suite: (payload) => ({ ...outcome(at(payload, 'check_suite')) }),
  workflow_run: (payload) => ({ ...outcome(at(payload, 'workflow_run')) }),
  release: (payload) => ({
    tag: textAt(payload, 'release', 'tag_name'),
    name: textAt(payload, 'release', 'name'),
    url: textAt(payload, 'release', 'html_url'),
  }),
  create: reference,
  delete: reference,
};

/** Reads what has been verified. Throws `invalid_argument` request.malformed_json, request.too_deep, request.invalid. */
export function parseGithub({ headers, body }: IncomingDelivery): IntegrationEvent {
  const text = textOf(body);
  const payload = readObject(isForm(text) ? payloadOf(text) : text);
  const kind = kindOf(headers['x-github-event'], payload);
  const digest = digestOf(body);
  const summary = Object.hasOwn(SUMMARIES, kind) ? SUMMARIES[kind]?.(payload) : undefined;
  return {
    integration: 'github',
    deliveryId: idOf(headers['x-github-delivery']) ?? digest,
    digest,
    kind,
    action: textAt(payload, 'action'),
    summary: known({
      repository: textAt(payload, 'repository', 'full_name'),
      sender: textAt(payload, 'sender', 'login'),
      ...summary,
    }),
  };
}

/** GitHub may be told to send a form, whose one field is the JSON. */
function payloadOf(form: string): string {
  const payload = new URLSearchParams(form).get('payload');
  if (payload !== null) return payload;
  throw new VolaryError('invalid_argument', 'The form has no field payload.', {
    reason: 'request.invalid',
    details: { field: 'payload' },
  });
}

/** A header is not signed: it names the delivery, and a replay under another name is known by its body. */
function idOf(header: string | undefined): string | null {
  return header !== undefined && /^[\w-]{1,100}$/.test(header) ? header : null;
}

/** GitHub says it in a header; whoever sends what the document shows and no more is understood by what it is about. */
function kindOf(header: string | undefined, payload: unknown): string {
  if (header !== undefined && /^[a-z_]{1,60}$/.test(header)) return header;
  const about = ['pull_request', 'check_run', 'check_suite', 'workflow_run', 'release'] as const;
  const found = about.find((name) => at(payload, name) !== undefined);
  if (found !== undefined) return found;
  if (at(payload, 'issue') === undefined) return at(payload, 'commits') === undefined ? 'unknown' : 'push';
  return at(payload, 'comment') === undefined ? 'issues' : 'issue_comment';
}

function pullRequest(payload: unknown): Summary {
  const request = at(payload, 'pull_request');
  return {
    number: numberAt(request, 'number'),
    title: textAt(request, 'title'),
    state: textAt(request, 'state'),
    draft: flagAt(request, 'draft'),
    merged: flagAt(request, 'merged'),
    head: textAt(request, 'head', 'ref'),
    head_sha: textAt(request, 'head', 'sha'),
    base: textAt(request, 'base', 'ref'),
    url: textAt(request, 'html_url'),
  };
}

function issue(payload: unknown): Summary {
  return {
    number: numberAt(payload, 'issue', 'number'),
    title: textAt(payload, 'issue', 'title'),
    state: textAt(payload, 'issue', 'state'),
    url: textAt(payload, 'issue', 'html_url'),
  };
}

function comment(payload: unknown): Summary {
  return {
    comment_id: numberAt(payload, 'comment', 'id'),
    body: textAt(payload, 'comment', 'body'),
    url: textAt(payload, 'comment', 'html_url'),
  };
}

function outcome(of: unknown): Summary {
  return {
    name: textAt(of, 'name'),
    status: textAt(of, 'status'),
    conclusion: textAt(of, 'conclusion'),
    head: textAt(of, 'head_branch'),
    head_sha: textAt(of, 'head_sha'),
    url: textAt(of, 'html_url'),
  };
}

function reference(payload: unknown): Summary {
  return { ref: textAt(payload, 'ref'), ref_type: textAt(payload, 'ref_type') };
}
