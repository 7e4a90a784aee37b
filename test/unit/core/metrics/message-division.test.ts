import fc from "fast-check";
import { expect, test } from "vitest";
import { divideMessage } from "../../../../core/metrics/message-division.ts";
import { encodeWriteRequest, FIELD } from "../../../../core/metrics/remote-write.ts";
import { decodeWriteRequest } from "../../../../core/metrics/remote-write-decode.ts";
import { batches } from "../../../support/batches.ts";

test("the elements are in one part or the other, in order; everything else is in both", () => {
  fc.assert(
    fc.property(batches, (list) => {
      const whole = encodeWriteRequest(list);
      const { series, families } = decodeWriteRequest(whole);
      const parts = divideMessage(whole, FIELD.request.series);
      expect(parts === undefined).toBe(series.length < 2);
      if (parts === undefined) return;
      const decoded = parts.map(({ body }) => decodeWriteRequest(body));
      expect(decoded.flatMap((part) => part.series)).toEqual(series);
      expect(decoded.map((part) => part.families)).toEqual([families, families]);
      expect(parts.map(({ elements }) => elements)).toEqual(decoded.map((part) => part.series.length));
    }),
  );
});
