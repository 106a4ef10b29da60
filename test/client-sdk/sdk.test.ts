import { channelSuite } from './channel-suite.ts';
import { commandSuite } from './command-suite.ts';
import { connectionSuite } from './connection-suite.ts';
import { sourceSdk } from './support/sdk.ts';

connectionSuite(sourceSdk);
commandSuite(sourceSdk);
channelSuite(sourceSdk);
