import { LIMITS, type RequestOf, type routes } from '@volary/contract';
import type { VmSelection } from '../../engine/apis/vm-api.ts';
import { cursorParam } from './parse-param.ts';

/** Which VMs the query of a request asks for. Throws `invalid_argument` request.invalid. */
export function vmSelectionOf(query: RequestOf<typeof routes.listVms>['Querystring']): VmSelection {
  const { limit = LIMITS.pageItems.default, cursor, phase, name, selector, driver, search } = query;
  return {
    limit,
    after: cursorParam('vm', cursor),
    ...(phase === undefined ? {} : { phases: phase }),
    ...(name === undefined ? {} : { name }),
    ...(selector === undefined ? {} : { selector }),
    ...(driver === undefined ? {} : { drivers: driver }),
    ...(search === undefined ? {} : { search }),
  };
}
