/**
 * A bare server that writes the same events to all who are connected: what is sent and nothing else. Each line of its input is the number of
 * events to write at once. Prints its URL.
 */
import { createServer, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';

const responses: ServerResponse[] = [];
let sequence = 0;
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': \n\n');
  responses.push(response);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(`http://127.0.0.1:${port}/\n`);
});
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const frames = Buffer.from(Array.from({ length: Number(line) }, frame).join(''));
    for (const response of responses) response.write(frames);
  })
  .on('close', () => process.exit(0));

function frame(): string {
  sequence += 1;
  const event = {
    sequence,
    type: 'operation.succeeded',
    at: new Date().toISOString(),
    subject: 'op_01kahx6z4rf8r9y6m3s2t1v0wr',
    vm_id: 'vm_01kahx6z4qf8r9y6m3s2t1v0wq',
    operation_id: 'op_01kahx6z4rf8r9y6m3s2t1v0wr',
    data: { kind: 'vm.pause' },
  };
  return `id: ${sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
