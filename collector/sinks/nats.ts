import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Delivery } from "../../core/metrics/delivery.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { divideLines, joinLines, renderLines } from "../line-chunks.ts";
import { connectNats, type NatsAnswer, type NatsClient } from "../nats-client.ts";
import { parseNatsUser } from "../nats-nkey.ts";
import { encodeNdjson } from "../ndjson.ts";
import { readTlsFiles } from "../tls-files.ts";
import type { OpenSink, SinkKind, SinkSettings } from "./types.ts";

const ACK_MS = 10_000;
const HEADER_ROOM = 256;

/**
 * NATS JetStream: `nats+tcp://HOST:4222/SUBJECT` or `nats+tls://…`, one message of JSON lines a delivery. A message is
 * delivered when its stream says that it is stored; sent again, it is known by its id.
 */
export const nats: SinkKind = {
  scheme: "nats",
  transports: ["tcp", "tls"],
  render: renderLines,
  openEncoder: () => encodeNdjson,
  open: async (name, url, settings): Promise<OpenSink> => {
    const subject = url.pathname.slice(1).replaceAll("/", ".") || "plimsoll.samples";
    let client: Promise<NatsClient> | undefined;
    const connected = async (): Promise<NatsClient> => {
      const known = await client?.catch(() => undefined);
      if (known === undefined || known.isClosed) client = connectAs(url, settings);
      return client ?? connectAs(url, settings);
    };
    return {
      name,
      join: joinLines,
      divide: divideLines,
      deliver: async (body) => {
        try {
          return await publish(await connected(), subject, body);
        } catch (error) {
          return { outcome: "retry", reason: errorLine(error) };
        }
      },
      close: async () => (await client?.catch(() => undefined))?.close(),
    };
  },
};

/** Files are read for each connection: what is renewed counts from the next one on. */
async function connectAs(url: URL, settings: SinkSettings): Promise<NatsClient> {
  const { bearerTokenFile, credentialsFile } = settings;
  return connectNats(url, {
    token: bearerTokenFile && readFileSync(bearerTokenFile, "utf8").trim(),
    user: credentialsFile === undefined ? undefined : parseNatsUser(readFileSync(credentialsFile, "utf8")),
    tls: readTlsFiles(settings),
  });
}

async function publish(client: NatsClient, subject: string, body: Uint8Array): Promise<Delivery> {
  if (body.length + HEADER_ROOM > client.maxPayloadBytes)
    return { outcome: "refused", reason: `${body.length} bytes, the server takes ${client.maxPayloadBytes}` };
  const id = createHash("sha256").update(body).digest("base64url");
  return judge(await client.request(subject, { "Nats-Msg-Id": id }, body, ACK_MS));
}

function judge({ status, payload }: NatsAnswer): Delivery {
  if (status === "503") return { outcome: "retry", reason: "no stream takes the subject" };
  const answer = parseObject(payload);
  if (typeof answer.seq === "number") return { outcome: "delivered" };
  const { error } = answer as { error?: { description?: unknown } };
  return { outcome: "retry", reason: `JetStream: ${error?.description ?? payload.slice(0, 200)}` };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
