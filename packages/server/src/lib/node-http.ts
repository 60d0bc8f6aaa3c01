/**
 * Node's HTTP without its client for WebSockets. An `import` of `node:http` reads each of that module's exports, and three of them, which
 * nothing here uses, are made when they are read: that loads all of `fetch`, 6 MiB of a server at rest. Types may be imported from there.
 */
export const { Agent, createServer, request, ServerResponse, STATUS_CODES } = process.getBuiltinModule('node:http');
