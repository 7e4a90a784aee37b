import { renderGraphiteLines, renderGraphitePath, renderGraphiteTags } from "../../core/metrics/graphite.ts";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import type { Labels, Series } from "../../core/metrics/series.ts";
import { joinPacked, packLines, unpackLines } from "../line-bodies.ts";
import { sinkName } from "../sink-names.ts";
import { exchangeTcp } from "../tcp-exchange.ts";
import type { OpenSink } from "./types.ts";

const DEFAULT_PREFIX = "plimsoll";

/**
 * Graphite's plaintext: `graphite+tcp://HOST:2003/PREFIX`, or `graphite+tcp://HOST:2003?tags=true`. The
 * protocol has no answer; that the receiver closes after our end is one: it has read everything.
 */
export const openGraphite: OpenSink = (given, settings) => {
  const url = new URL(given);
  if (url.port === "") url.port = "2003";
  const prefix = url.pathname.replaceAll("/", "") || DEFAULT_PREFIX;
  const byPath = (series: Series, identity: Labels): string => renderGraphitePath(prefix, series, identity);
  const paths = new LabelCache(url.searchParams.get("tags") === "true" ? renderGraphiteTags : byPath);
  return {
    name: sinkName("graphite", url, settings),
    encode: (batch) => packLines(renderGraphiteLines(batch, paths)),
    join: joinPacked,
    deliver: async (body, signal) => {
      const answer = await exchangeTcp(url, settings, unpackLines(body), signal);
      return "failure" in answer ? { outcome: "retry", reason: answer.failure } : { outcome: "delivered" };
    },
  };
};
