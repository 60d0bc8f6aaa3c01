import { createLoopTurns } from '../../lib/loop-turns.ts';
import { meterContract } from '../../ports/meter.contract.ts';
import { createPrometheusMeter } from './prometheus-meter.ts';

meterContract('prom-client', () => createPrometheusMeter({ turns: createLoopTurns({ longestMs: 4 }) }));
