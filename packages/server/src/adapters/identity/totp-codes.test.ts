import { oneTimeCodesContract } from '../../ports/one-time-codes.contract.ts';
import { createTotpCodes } from './totp-codes.ts';

oneTimeCodesContract({ name: 'TOTP', make: createTotpCodes });
