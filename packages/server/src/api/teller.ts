import { SYSTEM } from '../domain/principal/principal.ts';

/**
 * Who asks what has become of a change: whoever may make one is told that, though they may read nothing else. A refusal after it would say that nothing has changed.
 */
export const TELLER = SYSTEM;
