import { storeContract } from '../../../ports/store.contract.ts';
import { makeSqliteFixture } from './sqlite-store.fixture.ts';

storeContract({ name: 'SQLite', make: async () => makeSqliteFixture() });
