/** What kept bytes are sent as: a text would be given this header by Fastify itself. */
export const JSON_HEADER = 'application/json; charset=utf-8';
