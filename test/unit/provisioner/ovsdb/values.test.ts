import { expect, test } from "vitest";
import {
  decodeMap,
  decodeNumber,
  decodeNumbers,
  decodeOptionalNumber,
  decodeOptionalText,
  decodeText,
  decodeTexts,
  decodeUuids,
  encodeMap,
  encodeOptional,
  encodeSet,
  encodeUuid,
} from "../../../../provisioner/ovsdb/values.ts";

test("absence is the empty set", () => {
  expect(encodeOptional(undefined)).toEqual(["set", []]);
  expect(encodeOptional(100)).toBe(100);
  expect(decodeOptionalNumber({ tag: ["set", []] }, "tag")).toBeUndefined();
  expect(decodeOptionalNumber({ tag: 100 }, "tag")).toBe(100);
  expect(decodeOptionalText({ error: ["set", ["no device"]] }, "error")).toBe("no device");
});

test("one element is a set of one", () => {
  expect(decodeNumbers({ trunks: 100 }, "trunks")).toEqual([100]);
  expect(decodeNumbers({ trunks: ["set", [100, 200]] }, "trunks")).toEqual([100, 200]);
  expect(decodeTexts({ datapath_types: encodeSet(["netdev"]) }, "datapath_types")).toEqual(["netdev"]);
  expect(decodeUuids({ ports: encodeUuid("a") }, "ports")).toEqual(["a"]);
  expect(decodeUuids({ ports: encodeSet([encodeUuid("a"), encodeUuid("b")]) }, "ports")).toEqual(["a", "b"]);
});

test("maps of strings", () => {
  expect(encodeMap({ id: "c1", generation: "1" })).toEqual([
    "map",
    [
      ["id", "c1"],
      ["generation", "1"],
    ],
  ]);
  expect(decodeMap({ external_ids: encodeMap({ id: "c1" }) }, "external_ids")).toEqual(
    new Map([["id", "c1"]]),
  );
});

test("what does not fit names its column", () => {
  const unexpected = (column: string, value: string): string =>
    `ovsdb column ${column}: unexpected value ${value}`;
  expect(() => decodeText({ name: 1 }, "name")).toThrow(unexpected("name", "1"));
  expect(() => decodeText({ name: ["set", []] }, "name")).toThrow(unexpected("name", '["set",[]]'));
  expect(() => decodeNumber({}, "cur_cfg")).toThrow(unexpected("cur_cfg", "absent"));
  expect(() => decodeOptionalNumber({ tag: ["set", [1, 2]] }, "tag")).toThrow(
    unexpected("tag", '["set",[1,2]]'),
  );
  expect(() => decodeUuids({ ports: ["uuid", 1] }, "ports")).toThrow(unexpected("ports", '["uuid",1]'));
  expect(() => decodeMap({ external_ids: "x" }, "external_ids")).toThrow(unexpected("external_ids", '"x"'));
  expect(() => decodeMap({ external_ids: ["map", [["a", 1]]] }, "external_ids")).toThrow("external_ids");
});
