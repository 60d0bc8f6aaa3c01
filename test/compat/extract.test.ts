import { expect, test } from 'vitest';
import { extractRows, pathsOf } from './extract.ts';

const DOCUMENT = `# An API

## Authentication

Send \`X-API-Key: KEY\`, as in

\`\`\`bash
curl -H "x-user: ann" http://localhost/vms
\`\`\`

## VMs

### Make a VM

\`\`\`http
POST /vms?wait=1
\`\`\`

**Query Parameters**:
- \`force\` (optional): at once

**Request:**
\`\`\`json
{ "name": "a", // whatever you like
  "tools": ["git"], "config": { "vcpu": 1 } }
\`\`\`

**Response**: \`202 Accepted\`
\`\`\`json
[{ "id": 1 }, { "id": 2, "ip": null }]
\`\`\`

**Errors**:
- \`409\`: it is there

## Errors

\`\`\`json
{ "error": "why" }
\`\`\`

### 429 Too Many

\`\`\`json
{ "retry_after": 60 }
\`\`\`

## Events

\`\`\`
event: vm.made
data: {"name":"a"}
\`\`\`

## Environment Variables

\`\`\`bash
PORT=8080
\`\`\`

## Configuration

\`\`\`yaml
gateway:
  port: 1
  inner:
    key: \${TOKEN}
\`\`\`

## Docker Compose

\`\`\`yaml
services: x
\`\`\`
`;

test('a document is taken apart into all that it promises', () => {
  expect(extractRows(DOCUMENT)).toEqual([
    'header x-api-key',
    'header x-user',
    'endpoint POST /vms',
    'parameter POST /vms ?wait',
    'parameter POST /vms ?force',
    'status POST /vms 202',
    'status POST /vms 409',
    'request POST /vms .name',
    'request POST /vms .tools',
    'request POST /vms .tools[]',
    'request POST /vms .config',
    'request POST /vms .config.vcpu',
    'response POST /vms [].id',
    'response POST /vms [].ip',
    'error .error',
    'status 429',
    'error 429 .retry_after',
    'event vm.made',
    'event vm.made .name',
    'variable PORT',
    'variable TOKEN',
    'setting gateway.port',
    'setting gateway.inner.key',
  ]);
});

test('values have paths wherever they stand', () => {
  expect(pathsOf({ a: [], b: {}, c: [{ d: [1] }] })).toEqual(['.a', '.a[]', '.b', '.c', '.c[].d', '.c[].d[]']);
  expect(pathsOf([])).toEqual(['[]']);
});
