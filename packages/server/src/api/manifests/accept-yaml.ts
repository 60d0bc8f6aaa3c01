import { isUtf8 } from 'node:buffer';
import { LIMITS } from '@volary/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import { isDeeperThan } from '../../lib/json-depth.ts';
import type { ApiLimits } from '../limits.ts';
import { parseYaml } from './parse-yaml.ts';

/** Reads bodies in YAML besides: `application/yaml` (RFC 9512). What has been read is as if it had come in JSON. */
export function acceptYamlBodies(app: FastifyInstance, { jsonDepth }: Pick<ApiLimits, 'jsonDepth'>): void {
  app.addContentTypeParser(
    ['application/yaml', 'application/x-yaml', 'text/yaml'],
    { parseAs: 'buffer', bodyLimit: LIMITS.templates.yamlBytes },
    async (request: FastifyRequest, body: unknown) => {
      if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
      if (!isUtf8(body)) throw malformedYaml('The body is not UTF-8.');
      const text = body.toString('utf8');
      if (request.headers['idempotency-key'] !== undefined) request.bodyText = text;
      const value = await parseYaml(text);
      if (isDeeperThan(JSON.stringify(value), jsonDepth))
        throw malformedYaml(`It is nested deeper than ${jsonDepth} levels.`);
      return value;
    },
  );
}

function malformedYaml(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'request.malformed_yaml' });
}
