import { tellCommands } from '../story/commands.ts';
import { openSynapse } from './server.ts';

tellCommands(async () => {
  const synapse = await openSynapse();
  return {
    baseUrl: synapse.url,
    serverName: synapse.serverName,
    register: (name, password) => synapse.register(name, password),
    [Symbol.asyncDispose]: () => synapse[Symbol.asyncDispose](),
  };
});
