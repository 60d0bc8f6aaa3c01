import { describe, expect, it } from 'vitest';
import { readTracing } from './tracing.ts';

const ENDPOINT = 'http://127.0.0.1:4318';

describe('the settings of traces', () => {
  it.each([
    [null, {}],
    ['service_name: birds', {}],
    [`endpoint: ${ENDPOINT}`, { OTEL_SDK_DISABLED: 'true' }],
    [`endpoint: ${ENDPOINT}`, { OTEL_TRACES_EXPORTER: 'none' }],
    [null, { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
  ])('are none: %s %j', (text, env) => {
    expect(readTracing(text, env)).toBeNull();
  });

  it('have defaults besides the endpoint', () => {
    expect(readTracing(`endpoint: ${ENDPOINT}`, {})).toEqual({
      url: `${ENDPOINT}/v1/traces`,
      headers: {},
      serviceName: 'volary',
      resource: {},
      sampling: { ratio: 1, followsCaller: true },
      delayMs: 5_000,
      maxWaiting: 2_048,
      timeoutMs: 3_000,
    });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otel.lan/base/' }, 'https://otel.lan/base/v1/traces'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otel.lan/mine' }, 'https://otel.lan/mine'],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://otel.lan/mine' },
      'https://otel.lan/mine',
    ],
  ])('take the endpoint of traces as it is, and add its path to one of all signals: %j', (env, url) => {
    expect(readTracing('endpoint: http://elsewhere:1', env)?.url).toBe(url);
  });

  it('are those of the environment before those of the file', () => {
    const text = `endpoint: ${ENDPOINT}, service_name: birds, sampler: traceidratio, sampler_arg: 0.25`;
    const env = {
      ...{ OTEL_SERVICE_NAME: 'nest', OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '.5' },
      ...{ OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-team=birds', OTEL_BSP_SCHEDULE_DELAY: '10' },
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-team=owls',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
    };

    expect(readTracing(text, {})).toMatchObject({
      ...{ serviceName: 'birds', sampling: { ratio: 0.25, followsCaller: false } },
    });
    expect(readTracing(text, env)).toMatchObject({
      ...{ serviceName: 'nest', sampling: { ratio: 0.5, followsCaller: true }, delayMs: 10 },
      headers: { authorization: 'Bearer abc', 'x-team': 'owls' },
      resource: { 'deployment.environment.name': 'test' },
    });
  });

  it.each([
    ['always_on', { ratio: 1, followsCaller: false }],
    ['always_off', { ratio: 0, followsCaller: false }],
    ['parentbased_always_off', { ratio: 0, followsCaller: true }],
  ])('know the sampler %s', (sampler, sampling) => {
    expect(readTracing(`endpoint: ${ENDPOINT}, sampler: ${sampler}`, {})?.sampling).toEqual(sampling);
  });

  it.each([
    ['endpoint: nowhere', {}, 'tracing.endpoint'],
    ['endpoint: ftp://127.0.0.1', {}, 'tracing.endpoint'],
    ['where: here', {}, 'tracing'],
    [null, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:secret@h' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [null, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'x' }, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    [`endpoint: ${ENDPOINT}`, { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'],
    [`endpoint: ${ENDPOINT}`, { OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER'],
    [`endpoint: ${ENDPOINT}`, { OTEL_EXPORTER_OTLP_HEADERS: 'secret' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [`endpoint: ${ENDPOINT}`, { OTEL_EXPORTER_OTLP_HEADERS: 'a=%secret' }, 'OTEL_EXPORTER_OTLP_HEADERS'],
    [`endpoint: ${ENDPOINT}`, { OTEL_TRACES_SAMPLER: 'jaeger_remote' }, 'OTEL_TRACES_SAMPLER'],
    [`endpoint: ${ENDPOINT}, sampler: traceidratio, sampler_arg: 2`, {}, 'OTEL_TRACES_SAMPLER_ARG'],
    [`endpoint: ${ENDPOINT}`, { OTEL_BSP_MAX_QUEUE_SIZE: '0' }, 'OTEL_BSP_MAX_QUEUE_SIZE'],
    [`endpoint: ${ENDPOINT}`, { OTEL_EXPORTER_OTLP_TIMEOUT: 'long' }, 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'],
  ])('are refused by name, without what they hold: %s %j', (text, env, field) => {
    expect(() => readTracing(text, env)).toThrow(
      expect.objectContaining({
        reason: 'config.invalid',
        details: expect.objectContaining({ field }),
        message: expect.not.stringContaining('secret'),
      }),
    );
  });
});
