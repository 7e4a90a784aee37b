import { accessSync, constants } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { errnoOf, errorLine, PlimsollError } from "../../core/runtime/errors.ts";
import type { Finding } from "../../core/runtime/finding.ts";
import type { Logger } from "../../core/runtime/log.ts";
import type { Forward } from "../forward-url.ts";
import { openHttpServer } from "../http/server.ts";
import { openDockerEngine } from "../lifecycle/docker-engine.ts";
import { openProvisionerClient } from "../lifecycle/provisioner-client.ts";
import type { ServeOptions } from "../serve-options.ts";
import { readTlsFiles } from "../tls-files.ts";

const PATIENCE_MS = 5_000;
/** A header has whole seconds, and was on its way. Samples ten minutes ahead are kept nowhere; graphs show less. */
const CLOCK_MS = 5_000;

/** Whether every address can be listened on, as `serve` would: to be asked while it does not run. */
export async function checkListening(
  { listen, adminListen, security }: Pick<ServeOptions, "listen" | "adminListen" | "security">,
  log: Logger,
): Promise<readonly Finding[]> {
  const addresses = [...listen, ...adminListen];
  return Promise.all(
    addresses.map(async (address): Promise<Finding> => {
      try {
        const server = await openHttpServer([address], [], log, security);
        await server.close(0);
        return { state: "ok", what: `listen ${server.addresses[0]}: is free` };
      } catch (error) {
        return { state: "wrong", what: errorLine(error) };
      }
    }),
  );
}

/** Whether each sink can be reached, and what time it is there. */
export async function checkSinks(
  forwards: ServeOptions["forwards"],
  nowMs: () => number,
): Promise<readonly Finding[]> {
  const findings = forwards.map(async (forward) => {
    const what = `sink ${forward.name}`;
    return about(what, "samples wait in its queue meanwhile; look at the address, and at the network", () =>
      checkSink(what, forward, nowMs),
    );
  });
  return (await Promise.all(findings)).flat();
}

/** Docker engines, provisioners, other collectors, and whoever history is read from. */
export async function checkOthers({
  docker,
  provisioner,
  peers,
  historyFrom,
}: Pick<ServeOptions, "docker" | "provisioner" | "peers" | "historyFrom">): Promise<readonly Finding[]> {
  const socket = "is it there, and may the collector's user open it?";
  const urls = [...peers, ...(historyFrom === undefined ? [] : [historyFrom.url])];
  const findings = [
    ...docker.map((path) =>
      about(`docker ${path}`, socket, () => listed(openDockerEngine(path), "containers")),
    ),
    ...provisioner.map((path) =>
      about(`provisioner ${path}`, socket, () => listed(openProvisionerClient(path), "machines")),
    ),
    ...urls.map((url) => about(url.origin, "does it run, and is this its address?", () => answers(url, {}))),
  ];
  return (await Promise.all(findings)).flat();
}

async function about(
  what: string,
  hint: string,
  look: () => Promise<string | readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    const seen = await look();
    return typeof seen === "string" ? [{ state: "ok", what: `${what}: ${seen}` }] : seen;
  } catch (error) {
    return [{ state: "wrong", what: `${what}: ${errorLine(error)}`, hint }];
  }
}

async function listed(
  client: { list(): Promise<readonly unknown[]>; close(): Promise<void> },
  what: string,
): Promise<string> {
  try {
    return `${(await client.list()).length} ${what}`;
  } finally {
    await client.close();
  }
}

async function checkSink(what: string, forward: Forward, nowMs: () => number): Promise<readonly Finding[]> {
  const { url, files } = forward;
  if (url.protocol === "file:") {
    accessSync(dirname(fileURLToPath(url)), constants.W_OK | constants.X_OK);
    return [{ state: "ok", what: `${what}: its folder can be written` }];
  }
  const reached: Finding = { state: "ok", what: `${what}: can be reached` };
  if (!url.protocol.startsWith("http")) {
    await reach(url);
    return [reached];
  }
  const date = Date.parse(await answers(url, readTlsFiles(files)));
  const aheadMs = nowMs() - date;
  if (!(Math.abs(aheadMs) > CLOCK_MS)) return [reached];
  const clock = `${what}: its clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? "behind" : "ahead of"} ours`;
  return [reached, { state: "wrong", what: clock, hint: "let both be set by NTP" }];
}

/** Any answer will do; returns when it was given, by the clock there. */
async function answers(url: URL, tls: ReturnType<typeof readTlsFiles>): Promise<string> {
  const { Agent, request } = await import("undici");
  const dispatcher = new Agent({ connect: { ...tls, timeout: PATIENCE_MS } });
  try {
    const { headers, body } = await request(url.origin, {
      ...{ method: "HEAD", dispatcher },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    await body.dump();
    return [headers.date].flat()[0] ?? "answers";
  } finally {
    await dispatcher.destroy();
  }
}

const NATS_PORT = 4222;

function reach({ hostname, port }: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const where = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? NATS_PORT : Number(port) };
    const socket = connect({ ...where, timeout: PATIENCE_MS });
    const end = (error?: unknown): void => {
      socket.destroy();
      if (error === undefined) resolve();
      else reject(new PlimsollError("REACH", errnoOf(error) ?? "no answer", { cause: error }));
    };
    socket.once("connect", () => end());
    socket.once("timeout", () => end(new Error(`nothing within ${PATIENCE_MS / 1000} s`)));
    socket.once("error", end);
  });
}
