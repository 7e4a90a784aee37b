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
      // Not as the cause: it would print the name, which begins with a NUL.
      if (errnoOf(cause) === "EADDRINUSE") reject(alreadyRunning());
      else reject(new PlimsollError("LOCK", "plimsoll up: cannot take its lock", { cause }));
    });
    server.listen(name, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}

function alreadyRunning(): PlimsollError {
  return new PlimsollError("LOCKED", "plimsoll up: already running on this machine", {
    hint: "one at a time; stop the other with Ctrl-C",
  });
}
