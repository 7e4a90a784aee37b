import type { Delivery } from "../../core/metrics/delivery.ts";
import { parseFalconInvalid, renderFalconValues } from "../../core/metrics/open-falcon.ts";
import { FalconTranslator } from "../../core/metrics/open-falcon-names.ts";
import type { Batch } from "../../core/metrics/series.ts";
import { type HttpAnswer, judgeAnswer, openHttpPost } from "../http-post.ts";
import { divideLines, joinLines, renderLines } from "../line-chunks.ts";
import type { Encode, OpenSink, SinkKind } from "./types.ts";

const HEADERS = { "content-type": "application/json" };
/** Agents push every ten seconds unless told otherwise; the receiver draws at the pace of its own. */
const STEP_SECONDS = 10;
/** Each needs the batch before: beyond so many the one that is silent longest begins anew. */
const MAX_TRANSLATORS = 10_000;

/** Open-Falcon's transfer, `falcon+http://HOST:6060/api/push`, or an agent, `falcon+http://HOST:1988/v1/push`. */
export const openFalcon: SinkKind = {
  scheme: "falcon",
  transports: ["http", "https"],
  render: renderLines,
  openEncoder,
  open: async (name, given, settings): Promise<OpenSink> => {
    const url = new URL(given);
    if (url.pathname === "/") url.pathname = "/api/push";
    const { send, close } = await openHttpPost({ url, settings, headers: HEADERS, judge });
    return {
      name,
      join: joinLines,
      divide: divideLines,
      deliver: (body, signal) => send(arrayOf(body), signal),
      close,
    };
  },
};

function openEncoder(): Encode {
  const translators = new Map<string, FalconTranslator>();
  const encode = (batch: Batch): string => {
    const endpoint = batch.identity.instance ?? batch.identity.ip ?? "";
    const translator = translators.get(endpoint) ?? new FalconTranslator();
    translators.delete(endpoint);
    translators.set(endpoint, translator);
    const [longestSilent = ""] = translators.keys();
    if (translators.size > MAX_TRANSLATORS) translators.delete(longestSilent);
    const timestampMs = batch.series[0]?.samples.at(-1)?.timestampMs ?? 0;
    const context = { endpoint, stepSeconds: STEP_SECONDS, timestampMs };
    return renderFalconValues(translator.translate(batch), context).text;
  };
  return (batches) => Buffer.from(batches.map(encode).join(""));
}

function arrayOf(lines: Uint8Array): Buffer {
  return Buffer.from(`[${Buffer.from(lines).toString("utf8").trimEnd().replaceAll("\n", ",")}]`);
}

/** It says 200 to values it does not take. */
function judge(answer: HttpAnswer): Delivery {
  const delivery = judgeAnswer(answer);
  if (delivery.outcome !== "delivered") return delivery;
  const samples = parseFalconInvalid(answer.body.toString("utf8"));
  return samples === 0
    ? delivery
    : { outcome: "delivered", rejected: { samples, reason: `Invalid: ${samples}` } };
}
