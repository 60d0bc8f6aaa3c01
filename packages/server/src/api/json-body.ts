import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../domain/errors.ts';
import { isDeeperThan } from '../lib/json-depth.ts';
import type { ApiLimits } from './limits.ts';
import { invalidFields } from './validation.ts';

/**
 * Reads JSON bodies, and no others. The depth is counted before anything is parsed: a megabyte of brackets would cost more
 * than a megabyte further on, wherever somebody walks the value by recursion. An empty body is no body.
 */
export function acceptJsonBodies(app: FastifyInstance, limits: ApiLimits): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: limits.jsonBytes },
    (request, body, done) => {
      if (!Buffer.isBuffer(body) || body.length === 0) return done(null, undefined);
      if (!isUtf8(body)) return done(malformed('The body is not UTF-8.'), undefined);
      const text = body.toString('utf8');
      if (request.headers['idempotency-key'] !== undefined) request.bodyText = text;
      if (isDeeperThan(text, limits.jsonDepth)) return done(tooDeep(limits.jsonDepth), undefined);
      void parse(request, text, (error, value) => {
        if (error !== null && error !== undefined) done(namesPrototype(text) ? forbiddenName() : error, undefined);
        else if (LONE_SURROGATE.test(text))
          done(malformed('The body holds half a character (a lone surrogate).'), undefined);
        else done(null, value);
      });
    },
  );
}

/** Half of a pair, escaped: it is valid JSON, and no text. */
const LONE_SURROGATE =
  /\\u[dD][89abAB][\da-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][\da-fA-F]{2})\\u[dD][c-fC-F][\da-fA-F]{2}/;

/** True for what the parser refuses although it is JSON: names that would reach for an object's prototype. */
function namesPrototype(text: string): boolean {
  try {
    JSON.parse(text);
    return /__proto__|constructor/.test(text);
  } catch {
    return false;
  }
}

function malformed(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'request.malformed_json' });
}

function forbiddenName(): VolaryError {
  return invalidFields([
    { field: '__proto__', message: 'and constructor.prototype are names that no object may have' },
  ]);
}

/** Hands bodies of any type and length on as streams, unread. */
export function acceptByteBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', (_request, payload, done) => {
    done(null, payload);
  });
}

function tooDeep(limit: number): VolaryError {
  const message = `The body is nested deeper than ${limit} levels.`;
  return new VolaryError('invalid_argument', message, { reason: 'request.too_deep', details: { maximum: limit } });
}
