import { renderInfluxLines, renderInfluxPrefix } from "../../core/metrics/influx.ts";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { openHttpPost } from "../http-post.ts";
import { dividePacked, joinPacked, packLines, unpackLines } from "../line-bodies.ts";
import { sinkName } from "../sink-names.ts";
import type { OpenSink } from "./types.ts";

/** InfluxDB's line protocol over HTTP: `influx+http://HOST:8086/write?db=NAME`, and what speaks it. */
export const openInflux: OpenSink = (given, settings) => {
  const url = new URL(given);
  if (url.pathname === "/") url.pathname = "/write";
  url.searchParams.set("precision", "ms");
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "user-agent": `plimsoll-agent/${packageVersion()}`,
    ...(settings.gzip ? { "content-encoding": "gzip" } : {}),
  };
  const post = openHttpPost({ url, settings, headers });
  const prefixes = new LabelCache(renderInfluxPrefix);
  return {
    name: sinkName("influx", url, settings),
    encode: (batch) => packLines(renderInfluxLines(batch, prefixes)),
    join: joinPacked,
    divide: dividePacked,
    deliver: (body, signal) => post.send(settings.gzip ? body : unpackLines(body), signal),
    receiverNowMs: post.receiverNowMs,
  };
};
