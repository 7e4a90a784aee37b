import { deflateSync, inflateSync } from "node:zlib";
import type { Delivery } from "../../core/metrics/delivery.ts";
import { LabelCache } from "../../core/metrics/label-cache.ts";
import {
  decodeZabbixFrame,
  encodeZabbixFrame,
  parseZabbixAnswer,
  renderZabbixKey,
  renderZabbixValues,
} from "../../core/metrics/zabbix.ts";
import { errorLine } from "../../core/runtime/errors.ts";
import { joinPacked, packLines, unpackLines } from "../line-bodies.ts";
import { sinkName } from "../sink-names.ts";
import { exchangeTcp } from "../tcp-exchange.ts";
import type { OpenSink } from "./types.ts";

/** Zabbix' trapper: `zabbix+tcp://HOST:10051`. The host in Zabbix is named by the machine's IP. */
export const openZabbix: OpenSink = (given, settings) => {
  const url = new URL(given);
  if (url.port === "") url.port = "10051";
  const keys = new LabelCache(renderZabbixKey);
  return {
    name: sinkName("zabbix", url, settings),
    encode: (batch) => packLines(renderZabbixValues(batch, keys)),
    join: joinPacked,
    deliver: async (body, signal) => {
      const request = frameOf(unpackLines(body), settings.gzip);
      const answer = await exchangeTcp(url, settings, request, signal, isWholeFrame);
      return "failure" in answer ? { outcome: "retry", reason: answer.failure } : judge(answer.bytes);
    },
  };
};

/** Without a clock of its own: the server would move every value by what it differs from the server's. */
function frameOf(lines: Buffer, isCompressed: boolean): Buffer {
  const data = lines.toString("utf8").trimEnd().replaceAll("\n", ",");
  const request = Buffer.from(`{"request":"sender data","data":[${data}]}`);
  return isCompressed ? encodeZabbixFrame(deflateSync(request), request.length) : encodeZabbixFrame(request);
}

function isWholeFrame(bytes: Buffer): boolean {
  try {
    return decodeZabbixFrame(bytes) !== undefined;
  } catch {
    return true;
  }
}

/** `success` is said even when nothing was taken: what counts is `failed`. */
function judge(bytes: Buffer): Delivery {
  try {
    const frame = decodeZabbixFrame(bytes);
    if (frame === undefined) return { outcome: "retry", reason: "the answer ends before its end" };
    const text = (frame.isCompressed ? inflateSync(frame.payload) : frame.payload).toString("utf8");
    const answer = parseZabbixAnswer(text);
    if (answer === undefined) return { outcome: "retry", reason: `unexpected answer: ${text.slice(0, 200)}` };
    const { failed, info } = answer;
    if (failed === 0) return { outcome: "delivered" };
    const reason = info.replace(/; seconds spent.*/, "");
    return { outcome: "delivered", rejected: { samples: failed, reason } };
  } catch (error) {
    return { outcome: "retry", reason: errorLine(error) };
  }
}
