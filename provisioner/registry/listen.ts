import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PlimsollError } from "../../core/runtime/errors.ts";

export interface Listening {
  readonly port: number;
  /** Connections are not waited for. */
  close(): Promise<void>;
}

/** Has a server listen; port 0 is any that is free. `what` is what an error calls it. */
export async function listen(
  what: string,
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listening> {
  server.listen(port, host);
  await once(server, "listening").catch((cause: unknown) => {
    throw new PlimsollError("LISTEN", `${what}: cannot listen at ${host}:${port}`, { cause });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
