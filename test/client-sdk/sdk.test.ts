import { appMistakesSuite } from './app-mistakes-suite.ts';
import { channelSuite } from './channel-suite.ts';
import { commandSuite } from './command-suite.ts';
import { connectionSuite } from './connection-suite.ts';
import { handleSuite } from './handle-suite.ts';
import { roomSuite } from './room-suite.ts';
import { serviceSuite } from './service-suite.ts';
import { sourceSdk } from './support/sdk.ts';
import { tokenSuite } from './token-suite.ts';

connectionSuite(sourceSdk);
tokenSuite(sourceSdk);
handleSuite(sourceSdk);
commandSuite(sourceSdk);
channelSuite(sourceSdk);
serviceSuite(sourceSdk);
roomSuite(sourceSdk);
appMistakesSuite(sourceSdk);
