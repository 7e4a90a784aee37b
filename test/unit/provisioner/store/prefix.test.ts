import fc from "fast-check";
import { expect, test } from "vitest";
import { prefixEnd } from "../../../../provisioner/store/prefix.ts";

test("a key is in the range of a prefix exactly when it begins with it", () => {
  const text = fc.stringMatching(/^[ -~]{1,6}$/);
  fc.assert(
    fc.property(text, text, (prefix, key) => {
      expect(prefix <= key && key < prefixEnd(prefix)).toBe(key.startsWith(prefix));
    }),
  );
});
