import t from 'tap';
import { openHomeserver } from '../../src/demo/homeserver/homeserver.ts';
import { testHomeserver } from './homeserver.ts';

const homeserver = await openHomeserver({ serverName: 'localhost' });
t.teardown(() => homeserver[Symbol.asyncDispose]());

await testHomeserver(t, {
  baseUrl: homeserver.url,
  register: async (name, password) => homeserver.state.accounts.register(name, password),
});
