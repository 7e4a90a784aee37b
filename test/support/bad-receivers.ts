import { createServer } from "node:http";
import { createServer as createTcpServer, type Server, type Socket } from "node:net";

/** What becomes of the samples of a receiver. */
export type Fate = "delivered" | "refused" | "waits";

export interface BadReceiver {
  readonly name: string;
  /** PROTOCOL+TRANSPORT of the destination. */
  readonly scheme: string;
  readonly server: () => Server;
  readonly fate: Fate;
}

/** Does `serve` with each connection that has sent something, and does not mind its end. */
function onBytes(serve: (socket: Socket) => void): Server {
  return createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", () => serve(socket));
  });
}

const raw = (bytes: string | Buffer): Server => onBytes((socket) => socket.end(bytes));

/** The bytes, and then silence on an open connection. */
const rawAndSilence = (bytes: string): Server => onBytes((socket) => socket.write(bytes));

/** The bytes, and then `more` again and again. */
function rawAndMore(bytes: string, more: string, everyMs: number): Server {
  return onBytes((socket) => {
    socket.write(bytes);
    const timer = setInterval(() => socket.write(more), everyMs);
    socket.on("close", () => clearInterval(timer));
  });
}

/** One byte at a time. */
function slowly(bytes: string, everyMs: number): Server {
  return onBytes((socket) => {
    let at = 0;
    const timer = setInterval(() => socket.write(bytes.charAt(at++) || "\n"), everyMs);
    socket.on("close", () => clearInterval(timer));
  });
}

function status(code: number, headers: Readonly<Record<string, string>> = {}): Server {
  return createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(code, headers).end("no"));
  });
}

const MEGABYTES = 10 * 2 ** 20;
const large = (line: string): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 ${line}\r\ncontent-length: ${MEGABYTES}\r\n\r\n`),
    Buffer.alloc(MEGABYTES, "x"),
  ]);
const chunked = (line: string): string => `HTTP/1.1 ${line}\r\ntransfer-encoding: chunked\r\n\r\n`;
const frame = (length: number, text: string): Buffer =>
  Buffer.concat([Buffer.from("ZBXD\x01"), Buffer.from(Uint32Array.of(length, 0).buffer), Buffer.from(text)]);

type Row = readonly [name: string, server: () => Server, fate: Fate];

/** No answer that can be understood says nothing of the samples. */
const NO_ANSWER: readonly Row[] = [
  ["hangs", () => createTcpServer(() => {}), "waits"],
  ["hangs up at once", () => createTcpServer((socket) => socket.destroy()), "waits"],
  ["hangs up after the request", () => onBytes((socket) => socket.destroy()), "waits"],
  ["resets the connection", () => onBytes((socket) => socket.resetAndDestroy()), "waits"],
  ["garbage", () => raw("\0\x01\x02 no HTTP\r\n\r\n"), "waits"],
  [
    "another protocol's greeting",
    () => createTcpServer((socket) => socket.end("220 mail ESMTP\r\n")),
    "waits",
  ],
  ["half a head", () => raw("HTTP/1.1 204 No Con"), "waits"],
  ["half a head, and then nothing", () => rawAndSilence("HTTP/1.1 204 No Content\r\n"), "waits"],
  ["a head a byte at a time", () => slowly("HTTP/1.1 204 No Content\r\n\r\n", 100), "waits"],
  ["a head without an end", () => rawAndMore("HTTP/1.1 204 No Content\r\n", "x: y\r\n", 10), "waits"],
  [
    "a head of a megabyte",
    () => raw(`HTTP/1.1 204 No Content\r\nx: ${"y".repeat(2 ** 20)}\r\n\r\n`),
    "waits",
  ],
  ["continue, for ever", () => rawAndMore("", "HTTP/1.1 100 Continue\r\n\r\n", 50), "waits"],
  [
    "another protocol, please",
    () => raw("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"),
    "waits",
  ],
  ["a status that is no number", () => raw("HTTP/1.1 abc No\r\n\r\n"), "waits"],
];

/** The status is known, whatever follows. */
const BODIES: readonly Row[] = [
  ["half a body", () => raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"), "delivered"],
  ["ten megabytes of success", () => raw(large("200 OK")), "delivered"],
  ["ten megabytes of failure", () => raw(large("503 No")), "waits"],
  ["ten megabytes of refusal", () => raw(large("401 No")), "refused"],
  ["chunks without an end", () => rawAndMore(chunked("200 OK"), "1\r\nx\r\n", 50), "delivered"],
  ["chunks of failure without an end", () => rawAndMore(chunked("500 No"), "1\r\nx\r\n", 50), "waits"],
  ["chunks that are none", () => raw(`${chunked("200 OK")}zz\r\n`), "delivered"],
  [
    "a body a byte a second",
    () => rawAndMore("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n", "x", 1000),
    "delivered",
  ],
  [
    "gzip that is none",
    () => raw("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nno"),
    "delivered",
  ],
  ["more than was asked", () => raw("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 400 No\r\n\r\n"), "delivered"],
];

const REFUSALS = [
  ...[300, 301, 302, 303, 304, 307, 308],
  ...[400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418],
  ...[421, 422, 423, 424, 425, 426, 428, 431, 451, 499],
];
const STATUSES: readonly Row[] = [
  ...REFUSALS.map((code): Row => [`${code}`, () => status(code), "refused"]),
  ...[429, 500, 501, 502, 503, 504, 505, 507, 508, 511, 520, 599].map(
    (code): Row => [`${code}`, () => status(code), "waits"],
  ),
  ["elsewhere, again and again", () => status(307, { location: "/w" }), "refused"],
  ["503 for an hour", () => status(503, { "retry-after": "3600" }), "waits"],
  ["503 until some time", () => status(503, { "retry-after": "soon" }), "waits"],
  ["204 at a time that is none", () => status(204, { date: "yesterday" }), "delivered"],
];

const OTHERS: readonly (readonly [scheme: string, rows: readonly Row[]])[] = [
  [
    "zabbix+tcp",
    [
      ["hangs", () => createTcpServer(() => {}), "waits"],
      ["says nothing", () => onBytes((socket) => socket.end()), "waits"],
      ["garbage", () => raw("hello\n"), "waits"],
      ["half a frame", () => raw(frame(100, '{"response":')), "waits"],
      ["a frame of no JSON", () => raw(frame(5, "hello")), "waits"],
      ["a failure", () => raw(frame(21, '{"response":"failed"}')), "waits"],
      ["a frame of four gigabytes", () => raw(frame(2 ** 32 - 1, "{")), "waits"],
      ["an answer without an end", () => rawAndMore("", "x".repeat(10_000), 10), "waits"],
    ],
  ],
  [
    "graphite+tcp",
    [
      ["hangs", () => createTcpServer({ allowHalfOpen: true }, () => {}), "waits"],
      ["resets the connection", () => onBytes((socket) => socket.resetAndDestroy()), "waits"],
      ["an answer without an end", () => rawAndMore("", "x".repeat(10_000), 10), "waits"],
    ],
  ],
  [
    "otlp+http",
    [
      ["500", () => status(500), "refused"],
      ["503", () => status(503), "waits"],
      ["garbage", () => raw("\0\x01"), "waits"],
      ["success of what is no protobuf", () => status(200, { "content-type": "text/html" }), "delivered"],
    ],
  ],
  ["influx+http", [["404, there is no such database", () => status(404), "refused"]]],
  [
    "falcon+http",
    [
      ["success in words of its own", () => status(200), "delivered"],
      ["half an answer", () => raw('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"msg":'), "delivered"],
    ],
  ],
  [
    "remote-write-v2+http",
    [
      ["415, whatever is sent", () => status(415), "refused"],
      ["500", () => status(500), "waits"],
    ],
  ],
];

/** Every way to be a bad receiver that we know of. */
export const BAD_RECEIVERS: readonly BadReceiver[] = [
  ["remote-write+http", [...NO_ANSWER, ...BODIES, ...STATUSES]] as const,
  ...OTHERS,
].flatMap(([scheme, rows]) => rows.map(([name, server, fate]) => ({ name, scheme, server, fate })));
