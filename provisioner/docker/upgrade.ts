import { type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { PlimsollError } from "../../core/runtime/errors.ts";

/**
 * A request whose connection becomes a stream in both directions (Docker Engine API, "Hijacking"). The
 * pool that makes all other requests sends no body with an upgrade.
 */
export function upgradeConnection(
  socketPath: string,
  path: string,
  body: object,
  signal?: AbortSignal,
): Promise<Duplex> {
  const text = JSON.stringify(body);
  const headers = {
    ...{ connection: "Upgrade", upgrade: "tcp", "content-type": "application/json" },
    "content-length": Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method: "POST", headers, ...(signal && { signal }) });
    asked.once("error", (cause) => reject(refused(path, "no answer", cause)));
    asked.once("response", async (response) => reject(refused(path, await messageOf(response))));
    asked.once("upgrade", (_, socket, head) => {
      socket.unshift(head);
      resolve(socket);
    });
    asked.end(text);
  });
}

async function messageOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString().trim();
  return /"message":"([^"]*)"/.exec(text)?.[1] ?? (text || `status ${response.statusCode}`);
}

function refused(path: string, why: string, cause?: unknown): PlimsollError {
  return new PlimsollError("DOCKER", `docker: POST ${path}: ${why}`, { cause });
}
