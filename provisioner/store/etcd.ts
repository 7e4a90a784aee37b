import { type Clock, systemClock } from "../../core/runtime/clock.ts";
import { errnoOf, PlimsollError } from "../../core/runtime/errors.ts";
import { parseDocument } from "./documents.ts";
import { openEtcdGateway } from "./etcd-gateway.ts";
import { prefixEnd } from "./prefix.ts";
import { checkTransaction } from "./transaction.ts";
import type { Entry, Put, Store } from "./types.ts";

/** Between two attempts at a watch whose connection was lost. */
const WATCH_AGAIN_MS = 1000;

export interface EtcdOptions {
  /** For messages. */
  readonly name: string;
  /** `http://host:port` of the cluster's members. */
  readonly endpoints: readonly string[];
  /** In front of every key, with a slash at its end: what else the cluster holds is not looked at. */
  readonly prefix: string;
}

/** What the gateway answers, as far as it is read. */
interface Answer {
  readonly header?: { readonly revision?: string };
  readonly kvs?: readonly KeyValue[];
  readonly succeeded?: boolean;
  /** Of a lease. */
  readonly ID?: string;
}

interface KeyValue {
  readonly key: string;
  readonly value?: string;
  readonly mod_revision?: string;
}

interface WatchAnswer {
  readonly result?: {
    readonly header?: { readonly revision?: string };
    readonly events?: readonly unknown[];
    readonly canceled?: boolean;
    readonly compact_revision?: string;
  };
  readonly error?: unknown;
}

/** A store in an etcd cluster, 3.4 or newer, for the processes of many hosts. Reads are linearisable. */
export function openEtcdStore({ name, endpoints, prefix }: EtcdOptions, clock: Clock = systemClock): Store {
  const gateway = openEtcdGateway(name, endpoints);
  const call = async (path: string, body: object): Promise<Answer> =>
    (await gateway.call(path, body)) as Answer;
  const wireKey = (key: string): string => encode(prefix + key);
  const range = (of: string): object => ({ key: wireKey(of), range_end: wireKey(prefixEnd(of)) });

  function revisionOf({ header }: Answer): number {
    return parseRevision(name, header?.revision);
  }

  function entryOf({ key: wire, value, mod_revision }: KeyValue): Entry {
    const key = decode(wire).slice(prefix.length);
    return {
      key,
      value: parseDocument(name, key, decode(value ?? "")),
      revision: parseRevision(name, mod_revision),
    };
  }

  /** A lease of its own for each put that shall go: one that is put again leaves the old lease to end with nothing on it. */
  async function encodePut({ key, value, seconds }: Put): Promise<object> {
    const lease = seconds === undefined ? {} : { lease: await grantLease(seconds) };
    return { request_put: { key: wireKey(key), value: encode(JSON.stringify(value)), ...lease } };
  }

  async function grantLease(seconds: number): Promise<string> {
    const { ID } = await call("lease/grant", { TTL: String(Math.ceil(seconds)) });
    return ID ?? "0";
  }

  /** The revisions of changes after `since`, until the connection ends. */
  async function* watch(under: string, since: number, signal: AbortSignal): AsyncIterable<number> {
    const create = { ...range(under), start_revision: String(since + 1), progress_notify: true };
    for await (const answer of gateway.stream("watch", { create_request: create }, signal)) {
      const { revision, isEnd } = readWatchAnswer(name, answer as WatchAnswer);
      if (revision !== undefined) yield revision;
      if (isEnd) return;
    }
  }

  return {
    name,
    isShared: true,
    async get(key) {
      const { kvs = [] } = await call("kv/range", { key: wireKey(key) });
      return kvs.map(entryOf)[0];
    },
    async list(under) {
      const answer = await call("kv/range", range(under)); // in the order of keys, unless told otherwise
      return { entries: (answer.kvs ?? []).map(entryOf), revision: revisionOf(answer) };
    },
    async transact(transaction) {
      checkTransaction(transaction);
      const { expect, put = [], remove = [] } = transaction;
      const answer = await call("kv/txn", {
        compare: expect.map(({ key, revision }) => ({
          key: wireKey(key),
          target: "MOD",
          mod_revision: String(revision),
        })),
        success: [
          ...(await Promise.all(put.map(encodePut))),
          ...remove.map((key) => ({ request_delete_range: { key: wireKey(key) } })),
        ],
      });
      return answer.succeeded === true ? revisionOf(answer) : undefined;
    },
    changes: (under, since, signal) => reconnect((seen) => watch(under, seen, signal), since, clock, signal),
    close: () => gateway.close(),
  };
}

/** A watch that begins again after each loss of its connection, where it had come to. */
async function* reconnect(
  watch: (since: number) => AsyncIterable<number>,
  since: number,
  clock: Clock,
  signal: AbortSignal,
): AsyncIterable<number> {
  let seen = since;
  while (!signal.aborted) {
    try {
      for await (seen of watch(seen)) yield seen;
    } catch (error) {
      if (!signal.aborted && errnoOf(error) === undefined) throw error;
    }
    await clock.sleep(WATCH_AGAIN_MS, signal);
    // Whatever has happened meanwhile: the reader lists again, and sees why if it cannot.
    if (!signal.aborted) yield seen;
  }
}

/** No revision in an answer that only says that the watch is alive. */
function readWatchAnswer(
  name: string,
  { result, error }: WatchAnswer,
): { readonly revision?: number; readonly isEnd: boolean } {
  if (result === undefined)
    throw new PlimsollError("STORE", `store ${name}: watch: ${JSON.stringify(error)}`);
  // Compacted: what happened until then is not told any more, what came after it will be.
  if (result.canceled) return { revision: parseRevision(name, result.compact_revision) - 1, isEnd: true };
  if (result.events === undefined) return { isEnd: false };
  return { revision: parseRevision(name, result.header?.revision), isEnd: false };
}

function parseRevision(name: string, text: string | undefined): number {
  const revision = Number(text);
  if (Number.isSafeInteger(revision) && revision > 0) return revision;
  throw new PlimsollError("STORE", `store ${name}: no etcd answers there: revision ${text}`);
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decode(base64: string): string {
  return Buffer.from(base64, "base64").toString();
}
