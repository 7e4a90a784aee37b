import { ProtoReader, tagOf, WIRE } from "./protobuf.ts";

/** Part of an encoded request, and how many of its repeated elements are in it. */
export interface MessagePart {
  readonly body: Uint8Array;
  readonly elements: number;
}

/**
 * An encoded message as two, each with half of the elements of the repeated `field` and with all of
 * its other fields; undefined when there is nothing to divide.
 */
export function divideMessage(
  bytes: Uint8Array,
  field: number,
): readonly [MessagePart, MessagePart] | undefined {
  const tag = tagOf(field, WIRE.bytes);
  const elements: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  const reader = new ProtoReader(bytes);
  for (let start = reader.at, next = reader.tag(); next !== 0; start = reader.at, next = reader.tag()) {
    reader.skip(next);
    (next === tag ? elements : others).push(reader.bytes.subarray(start, reader.at));
  }
  if (elements.length < 2) return undefined;
  const half = elements.length >> 1;
  const part = (some: readonly Uint8Array[]): MessagePart => ({
    body: Buffer.concat([...others, ...some]),
    elements: some.length,
  });
  return [part(elements.slice(0, half)), part(elements.slice(half))];
}
