import { createServer } from "node:net";
import { PlimsollError } from "./errors.ts";

/**
 * Takes a lock of this network namespace by the name of an abstract socket, which is gone with its
 * process, whatever ends it. Throws PlimsollError `LOCKED`, naming `what`, when it cannot be had.
 * Returns the release.
 */
export function takeLock(name: string, what: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (cause) =>
      reject(new PlimsollError("LOCKED", `${what}: another process has it`, { cause })),
    );
    server.listen(`\0${name}`, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}
