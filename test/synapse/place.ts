import type { Server } from '../story/house.ts';
import { openSynapse } from './server.ts';

/** A real Synapse, as a place for a house. */
export async function openSynapsePlace(): Promise<Server & AsyncDisposable> {
  const synapse = await openSynapse();
  return {
    baseUrl: synapse.url,
    serverName: synapse.serverName,
    register: (name, password) => synapse.register(name, password),
    [Symbol.asyncDispose]: () => synapse[Symbol.asyncDispose](),
  };
}
