import { expect, test } from "vitest";
import { renderEvent, viewEvent } from "../../../../provisioner/events/render.ts";

const EVENT = { atMs: 0, host: "h1", kind: "rebuild", state: "undone", name: "web", text: "it has ended" };

test("as a line, and as a script has it", () => {
  expect(renderEvent(EVENT)).toBe("1970-01-01T00:00:00.000Z  h1  web  rebuild undone: it has ended");
  expect(renderEvent({ ...EVENT, name: undefined, text: undefined })).toBe(
    "1970-01-01T00:00:00.000Z  h1  -  rebuild undone",
  );
  expect(viewEvent(EVENT)).toMatchObject({ at: "1970-01-01T00:00:00.000Z", id: null, text: "it has ended" });
});
