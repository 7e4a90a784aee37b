// Zabbix's trapper protocol ("Header and data length" of the manual):
//   "ZBXD"  flags: 1 always, 2 compressed (zlib), 4 lengths of eight bytes
//   u32 length of what follows   u32 its uncompressed length, 0 when it is not compressed
//   {"request":"sender data","data":[{"host":"10.0.0.7","key":"node_load1","value":"0.25","clock":…,"ns":…}]}
//   → {"response":"success","info":"processed: 1; failed: 0; total: 1; seconds spent: 0.000055"}
import { DecodeError } from "./decode-error.ts";
import type { Lines } from "./influx.ts";
import type { LabelCache } from "./label-cache.ts";
import { sortedLabelNames } from "./labels.ts";
import type { Batch, Labels, Series } from "./series.ts";

const MAGIC = Buffer.from("ZBXD");
const HEADER_BYTES = 13;
const FLAG = { protocol: 1, compressed: 2, large: 4 } as const;
/** An answer is a line of text. */
const MAX_ANSWER_BYTES = 65_536;

/** `uncompressedBytes` says that the payload is compressed. */
export function encodeZabbixFrame(payload: Uint8Array, uncompressedBytes?: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header[4] = FLAG.protocol | (uncompressedBytes === undefined ? 0 : FLAG.compressed);
  header.writeUInt32LE(payload.length, 5);
  header.writeUInt32LE(uncompressedBytes ?? 0, 9);
  return Buffer.concat([header, payload]);
}

export interface ZabbixFrame {
  readonly payload: Buffer;
  readonly isCompressed: boolean;
}

/** undefined as long as the frame is not whole; throws DecodeError when it is none. */
export function decodeZabbixFrame(bytes: Buffer): ZabbixFrame | undefined {
  const known = Math.min(bytes.length, MAGIC.length);
  if (bytes.compare(MAGIC, 0, known, 0, known) !== 0)
    throw new DecodeError("MALFORMED", "not a Zabbix frame");
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes[4] ?? 0;
  const length = bytes.readUInt32LE(5);
  if ((flags & FLAG.large) !== 0 || length > MAX_ANSWER_BYTES)
    throw new DecodeError("LIMIT", "Zabbix frame too large");
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const payload = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length);
  return { payload, isCompressed: (flags & FLAG.compressed) !== 0 };
}

/** How many values the server did not take: it says `success` all the same. undefined when it says nothing of the kind. */
export function parseZabbixAnswer(
  text: string,
): { readonly failed: number; readonly info: string } | undefined {
  const answer = parseJson(text);
  const info = typeof answer?.info === "string" ? answer.info : "";
  const [, failed] = /failed: (\d+)/.exec(info) ?? [];
  return answer?.response === "success" && failed !== undefined
    ? { failed: Number(failed), info }
    : undefined;
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** One value per line, each a JSON object, beginning with the machine's `agent.ping`. What is no number is left out. */
export function renderZabbixValues(batch: Batch, keys: LabelCache<string>): Lines {
  keys.begin(batch.identity);
  const host = JSON.stringify(batch.identity.instance ?? "");
  const lines: string[] = [];
  const add = (key: string, value: number, timestampMs: number): void => {
    const seconds = Math.floor(timestampMs / 1000);
    const ns = (timestampMs - seconds * 1000) * 1_000_000;
    lines.push(`{"host":${host},"key":${key},"value":"${value}","clock":${seconds},"ns":${ns}}\n`);
  };
  const first = batch.series[0]?.samples[0];
  if (first !== undefined && !first.stale) add('"agent.ping"', 1, first.timestampMs);
  for (const series of batch.series) {
    const key = keys.get(series);
    for (const { value, timestampMs } of series.samples) {
      if (Number.isFinite(value)) add(key, value, timestampMs);
    }
  }
  return { text: lines.join(""), samples: lines.length };
}

/** Items that every Zabbix template has, by the metric they are the value of. */
const NATIVE: Readonly<Record<string, (labels: Labels) => string>> = {
  node_load1: () => "system.cpu.load[all,avg1]",
  node_load5: () => "system.cpu.load[all,avg5]",
  node_load15: () => "system.cpu.load[all,avg15]",
  node_memory_MemTotal_bytes: () => "vm.memory.size[total]",
  node_memory_MemAvailable_bytes: () => "vm.memory.size[available]",
  node_memory_SwapTotal_bytes: () => "system.swap.size[,total]",
  node_memory_SwapFree_bytes: () => "system.swap.size[,free]",
  node_network_receive_bytes_total: ({ device }) => `net.if.in[${parameter(device)},bytes]`,
  node_network_transmit_bytes_total: ({ device }) => `net.if.out[${parameter(device)},bytes]`,
  node_filesystem_size_bytes: ({ mountpoint }) => `vfs.fs.size[${parameter(mountpoint)},total]`,
  node_filesystem_avail_bytes: ({ mountpoint }) => `vfs.fs.size[${parameter(mountpoint)},free]`,
  node_boot_time_seconds: () => "system.boottime",
};

/** The item's key as JSON: Zabbix' own where it has one, else the metric's name with the labels' values in the order of their names. */
export function renderZabbixKey({ name, labels }: Series): string {
  const values = sortedLabelNames(labels).map((label) => parameter(labels[label]));
  return JSON.stringify(
    NATIVE[name]?.(labels) ?? (values.length === 0 ? name : `${name}[${values.join(",")}]`),
  );
}

/** A parameter of a key is quoted when it holds what would end it. */
function parameter(value = ""): string {
  return /^[ "[]|[,\]]/.test(value) ? `"${value.replaceAll('"', '\\"')}"` : value;
}
