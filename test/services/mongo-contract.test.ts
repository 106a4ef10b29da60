import { journalContract } from '../contract/journal-contract.ts';
import { storeContract } from '../contract/store-contract.ts';
import { openTestMongo } from './open-test-mongo.ts';

journalContract('mongo', () => openTestMongo(), { gaps: 'unchecked' });
storeContract('mongo', () => openTestMongo());
