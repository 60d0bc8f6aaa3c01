import { AcceptedOperation } from '../operations.ts';
import { json, LOCATION, PREFERENCE_APPLIED } from '../route.ts';

/** The answers of what takes its time: that it is done (`done` is how that is called), within the time of `Prefer: wait`, or under way. */
export function doneOrUnderWay(done: string) {
  const content = [json(AcceptedOperation)] as const;
  return {
    200: {
      description: `${done}, within the time of \`Prefer: wait\`.`,
      content,
      headers: [PREFERENCE_APPLIED],
    },
    202: { description: 'Under way.', content, headers: [LOCATION, PREFERENCE_APPLIED] },
  } as const;
}
