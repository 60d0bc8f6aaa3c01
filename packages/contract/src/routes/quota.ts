import { QuotaState } from '../quota.ts';
import { json, route } from '../route.ts';

export const getQuota = route({
  method: 'GET',
  path: '/v1/quota',
  operationId: 'getQuota',
  tag: 'quota',
  summary: 'What you may have, and what you have',
  permission: 'authenticated',
  responses: { 200: { description: 'Quota of the caller.', content: [json(QuotaState)] } },
  errors: {},
});
