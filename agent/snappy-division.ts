import { divideMessage } from "../core/metrics/message-division.ts";
import { decodeSnappy, encodeSnappy } from "../core/metrics/snappy.ts";
import type { Encoded } from "./sinks/types.ts";

/** Far more than a delivery's worth of batches. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** A compressed message as two, each with half of its repeated `field`; undefined when there is nothing to divide. */
export function divideSnappy(body: Uint8Array, field: number): readonly [Encoded, Encoded] | undefined {
  const parts = divideMessage(decodeSnappy(body, MAX_BODY_BYTES), field);
  if (parts === undefined) return undefined;
  const [one, other] = parts;
  return [
    { body: encodeSnappy(one.body), samples: one.elements },
    { body: encodeSnappy(other.body), samples: other.elements },
  ];
}
