import { channelSuite } from './channel-suite.ts';
import { commandSuite } from './command-suite.ts';
import { connectionSuite } from './connection-suite.ts';
import { roomSuite } from './room-suite.ts';
import { serviceSuite } from './service-suite.ts';
import { sourceSdk } from './support/sdk.ts';
import { tokenSuite } from './token-suite.ts';

connectionSuite(sourceSdk);
tokenSuite(sourceSdk);
commandSuite(sourceSdk);
channelSuite(sourceSdk);
serviceSuite(sourceSdk);
roomSuite(sourceSdk);
