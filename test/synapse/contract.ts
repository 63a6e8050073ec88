import t from 'tap';
import { testHomeserver } from '../contract/homeserver.ts';
import { openSynapse } from './server.ts';

// The first run downloads Synapse.
const synapse = await openSynapse();
t.teardown(() => synapse[Symbol.asyncDispose]());

await testHomeserver(t, { baseUrl: synapse.url, register: synapse.register });
