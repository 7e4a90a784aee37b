import { createServer, type Server } from "node:net";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";

/**
 * Takes the machine-wide lock `name` (an abstract socket, gone with its process whatever ends it).
 * Throws when another process has it. Returns the release.
 */
export function takeLock(name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once("error", (cause) => {
      const message =
        errnoOf(cause) === "EADDRINUSE"
          ? "plimsoll up: already running on this machine"
          : "plimsoll up: cannot take its lock";
      reject(
        new PlimsollError("LOCKED", message, { cause, hint: "one at a time; stop the other with Ctrl-C" }),
      );
    });
    server.listen(name, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}
