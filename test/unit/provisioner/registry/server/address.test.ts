import { expect, test } from "vitest";
import { parseAddress, renderAddress } from "../../../../../provisioner/registry/server/address.ts";

test.for(["10.0.0.11:5000", "[fd00::11]:443"])("%s there and back", (text) => {
  const address = parseAddress(text);
  expect(address && renderAddress(address)).toBe(text);
});

test.for([
  "",
  "host:5000",
  "10.0.0.1",
  "10.0.0.1:0",
  "10.0.0.1:65536",
  "10.0.0.300:5000",
  "[10.0.0.1]:5000",
  "fd00::1:5000",
])("%s is none", (text) => expect(parseAddress(text)).toBeUndefined());
