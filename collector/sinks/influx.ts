import { gzipSync } from "node:zlib";
import { renderInfluxLines, renderInfluxPrefix } from "../../core/metrics/influx.ts";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import { openHttpPost } from "../http-post.ts";
import { divideLines, joinLines, renderLines } from "../line-chunks.ts";
import type { OpenSink, SinkKind } from "./types.ts";

const HEADERS = { "content-type": "text/plain; charset=utf-8", "content-encoding": "gzip" };

/** InfluxDB's line protocol: `influx+http://HOST:8086/write?db=NAME`, and what speaks it. */
export const influx: SinkKind = {
  scheme: "influx",
  transports: ["http", "https"],
  render: renderLines,
  openEncoder: () => (batches) => {
    const texts = batches.map((batch) => renderInfluxLines(batch, new LabelCache(renderInfluxPrefix)).text);
    return Buffer.from(texts.join(""));
  },
  open: async (name, given, settings): Promise<OpenSink> => {
    const url = new URL(given);
    if (url.pathname === "/") url.pathname = "/write";
    url.searchParams.set("precision", "ms");
    const { send, close } = await openHttpPost({ url, settings, headers: HEADERS });
    return {
      name,
      join: joinLines,
      divide: divideLines,
      deliver: (body, signal) => send(gzipSync(body, { level: 1 }), signal),
      close,
    };
  },
};
