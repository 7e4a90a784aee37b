// The API of `plimsoll serve`, on its socket: GET /v1/machines is a list, GET /v1/events?follow=true lines without end:
//   {"at":"2026-11-23T09:00:00.000Z","host":"h1","kind":"resize","state":"done","name":"web","id":"6f1c…","text":null}
import { Pool } from "undici";
import { PlimsollError } from "../../core/runtime/errors.ts";
import { canonicalAddress } from "../identity.ts";
import { linesOf } from "./lines.ts";

const LIST_TIMEOUT_MS = 30_000;

/** What was asked for, of a machine that may be given more or less. */
export interface Requested {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
}

export interface Placed {
  readonly name: string;
  /** Undefined for one that has no address yet. */
  readonly ip: string | undefined;
  readonly requested: Requested;
}

/** `create`, `resize`, `rebuild` … of a machine, and how it went. */
export interface PlacementEvent {
  readonly atMs: number;
  readonly host: string;
  readonly kind: string;
  readonly state: string;
  /** Undefined where it is about no machine. */
  readonly name: string | undefined;
  readonly text: string | undefined;
}

/** The part of a provisioner that tells of its machines. Every method throws when it does not answer. */
export interface ProvisionerClient {
  list(): Promise<readonly Placed[]>;
  /** Those that are kept, then those to come, until the signal or the provisioner ends it. */
  events(signal: AbortSignal): AsyncIterable<PlacementEvent>;
  close(): Promise<void>;
}

export function openProvisionerClient(socketPath: string): ProvisionerClient {
  const pool = new Pool("http://provisioner", {
    socketPath,
    headersTimeout: LIST_TIMEOUT_MS,
    bodyTimeout: 0,
  });
  const get = async (path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> => {
    const { statusCode, body } = await pool.request({ method: "GET", path, signal });
    if (statusCode === 200) return body;
    await body.dump();
    throw new PlimsollError("PROVISIONER", `provisioner ${socketPath}: ${path}: status ${statusCode}`);
  };
  return {
    list: async () => {
      const chunks: Buffer[] = [];
      const body = await get("/v1/machines", AbortSignal.timeout(LIST_TIMEOUT_MS));
      for await (const chunk of body) chunks.push(chunk);
      return parseMachines(Buffer.concat(chunks).toString());
    },
    events: async function* (signal) {
      for await (const line of linesOf(await get("/v1/events?follow=true", signal), "provisioner"))
        if (line.trim() !== "") yield parsePlacementEvent(line);
    },
    close: () => pool.destroy(),
  };
}

export function parseMachines(text: string): readonly Placed[] {
  const listed = JSON.parse(text) as readonly Readonly<Record<string, unknown>>[];
  return listed.map(({ name, ip, cpus, memoryBytes, diskBytes }) => ({
    name: String(name),
    ip: typeof ip === "string" ? canonicalAddress(ip) : undefined,
    requested: { cpu: Number(cpus), memory: Number(memoryBytes), disk: Number(diskBytes) },
  }));
}

export function parsePlacementEvent(line: string): PlacementEvent {
  const { at, host, kind, state, name, text } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  return {
    ...{ atMs: Date.parse(String(at)), host: String(host), kind: String(kind), state: String(state) },
    name: typeof name === "string" ? name : undefined,
    text: typeof text === "string" ? text : undefined,
  };
}
