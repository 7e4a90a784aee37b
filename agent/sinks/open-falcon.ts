import type { Delivery } from "../../core/metrics/delivery.ts";
import { parseFalconInvalid, renderFalconValues } from "../../core/metrics/open-falcon.ts";
import { FalconTranslator } from "../../core/metrics/open-falcon-names.ts";
import { packageVersion } from "../../core/runtime/version.ts";
import { type HttpAnswer, judgeByStatus, openHttpPost } from "../http-post.ts";
import { dividePacked, joinPacked, packLines, unpackLines } from "../line-bodies.ts";
import { sinkName } from "../sink-names.ts";
import type { OpenSink } from "./types.ts";

/** Open-Falcon: the transfer's `falcon+http://HOST:6060/api/push`, or an agent's `falcon+http://HOST:1988/v1/push`. */
export const openOpenFalcon: OpenSink = (given, settings, intervalMs) => {
  const url = new URL(given);
  if (url.pathname === "/") url.pathname = "/api/push";
  const headers = {
    "content-type": "application/json",
    "user-agent": `plimsoll-agent/${packageVersion()}`,
  };
  const post = openHttpPost({ url, settings, headers, judge });
  const translator = new FalconTranslator();
  const stepSeconds = Math.max(1, Math.round(intervalMs / 1000));
  return {
    name: sinkName("falcon", url, settings),
    encode: (batch) => {
      const endpoint = batch.identity.instance ?? "";
      const timestampMs = batch.series[0]?.samples.at(-1)?.timestampMs ?? 0;
      const values = translator.translate(batch);
      return packLines(renderFalconValues(values, { endpoint, stepSeconds, timestampMs }));
    },
    join: joinPacked,
    divide: dividePacked,
    deliver: (body, signal) => post.send(arrayOf(unpackLines(body)), signal),
    receiverNowMs: post.receiverNowMs,
  };
};

function arrayOf(lines: Buffer): Buffer {
  return Buffer.from(`[${lines.toString("utf8").trimEnd().replaceAll("\n", ",")}]`);
}

/** It says 200 to values it does not take. */
function judge(answer: HttpAnswer): Delivery {
  const delivery = judgeByStatus(answer);
  if (delivery.outcome !== "delivered") return delivery;
  const samples = parseFalconInvalid(answer.body.toString("utf8"));
  return samples === 0
    ? delivery
    : { outcome: "delivered", rejected: { samples, reason: `Invalid: ${samples}` } };
}
