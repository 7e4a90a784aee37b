import { expect, test } from "vitest";
import { refuseLookalikes } from "../../../../provisioner/registry/lookalikes.ts";

const look = (text: string, deepest = 3): void =>
  refuseLookalikes("it", text, ["layers", "mediaType", "User"], deepest);

test.each([
  '{"layers":[],"annotations":{"a":"}{\\"","b":"\\\\"}}',
  '{"layers":[{"mediaType":"x"},{"mediaType":"y"}]}',
  '{"other":1,"other":2,"OTHER":3}',
  '{"a":"LAYERS", "b":["LAYERS"]}',
  "not JSON at all",
])("%s is read by all alike", (text) => {
  expect(() => look(text)).not.toThrow();
});

test.each([
  ['{"layers":[1],"LAYERS":[2]}', '"LAYERS" may be taken for another "layers"'],
  ['{"Layers" : []}', '"Layers" may be taken'],
  ['{"layerſ":[]}', "may be taken"],
  ['{"\\u006cayerS":[]}', "may be taken"],
  ['{"layers":[],"layers":[]}', '"layers" may be taken for another'],
  ['{"layers":[{"mediatype":"x"}]}', '"mediatype" may be taken'],
  ['{"config":{"user":"root"}}', '"user" may be taken for another "User"'],
])("%s is not", (text, message) => {
  expect(() => look(text)).toThrow(`it: ${message.startsWith('"') ? message : ""}`);
  expect(() => look(text)).toThrow(message);
});

test("what lies deeper is nobody's but its author's", () => {
  expect(() => look('{"config":{"Labels":{"user":"x"}}}', 2)).not.toThrow();
});

test.each([
  ["x", 8],
  ['\\"', 1],
  ["\\\\", 1],
])("texts of megabytes of %j are passed over", (text, mebibytes) => {
  const long = text.repeat((mebibytes * 2 ** 20) / text.length);
  expect(() => look(`{"annotations":{"a":"${long}"},"LAYERS":[]}`)).toThrow('"LAYERS" may be taken');
});
