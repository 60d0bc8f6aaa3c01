import type { BatchOrder, BatchOrders } from '../../../../domain/batch/batch.ts';
import { PERMISSIONS } from '../../../../domain/principal/permissions.ts';
import type { Rights } from '../../../../domain/principal/rights.ts';
import type { BatchOrderRow } from '../rows/batch-order-row.ts';
import { readRow } from './damaged-row.ts';
import { readExecRequest } from './execution-codec.ts';
import * as read from './read-value.ts';
import { readVmRequest } from './vm-request-codec.ts';

/** What a batch is to do, as a row. */
export function encodeBatchOrders(id: string, { rights, orders }: BatchOrders): BatchOrderRow {
  return {
    operation_id: id,
    content: JSON.stringify({ rights: { all: [...rights.all], own: [...rights.own] }, orders }),
  };
}

/** What the batch of a row is to do. Throws `data_loss` store.damaged. */
export function decodeBatchOrders({ operation_id: id, content }: BatchOrderRow): BatchOrders {
  return readRow({ what: 'batch', id }, () => readContent(content, 'content'));
}

const kind = read.oneOf(['create', 'exec']);
const permissions = read.list(read.oneOf(PERMISSIONS));

const rights: read.Reader<Rights> = (value, field) => {
  const stored = read.object(value, field);
  return {
    all: new Set(permissions(stored['all'], `${field}.all`)),
    own: new Set(permissions(stored['own'], `${field}.own`)),
  };
};

const order: read.Reader<BatchOrder> = (value, field) => {
  const stored = read.object(value, field);
  const at = `${field}.request`;
  return kind(stored['kind'], `${field}.kind`) === 'create'
    ? { kind: 'create', request: readVmRequest(stored['request'], at) }
    : { kind: 'exec', request: readExecRequest(stored['request'], at) };
};

const orders = read.record(order);
const readContent = read.json((value, field): BatchOrders => {
  const stored = read.object(value, field);
  return {
    rights: rights(stored['rights'], `${field}.rights`),
    orders: orders(stored['orders'], `${field}.orders`),
  };
});
