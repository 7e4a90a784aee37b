import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type PeerCertificate } from "node:tls";
import { afterAll, expect } from "vitest";
import { type Route, textReply } from "../../../../collector/http/route.ts";
import { openHttpServer } from "../../../../collector/http/server.ts";
import { readTls, type TlsFiles } from "../../../../collector/http/tls.ts";
import { makeAuthority } from "../../../support/certificates.ts";
import { Cleanup } from "../../../support/cleanup.ts";
import { hasCommand, testIf } from "../../../support/host.ts";
import { recordLog } from "../../../support/record-log.ts";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const who: Route = {
  ...{ method: "GET", path: "/who", summary: "" },
  handle: ({ certificate }) => {
    const covered = ["10.0.0.7", "10.0.0.8"].filter((address) => certificate?.covers(address));
    return textReply(200, certificate === undefined ? "nobody" : `for ${covered}`);
  },
};

/** The body of an answer over TLS, and the certificate that was shown. */
function ask(
  port: number,
  shown: { cert?: Buffer; key?: Buffer } = {},
): Promise<{ text: string; shown: PeerCertificate }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...shown });
    let text = "";
    socket.on("error", reject);
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerCertificate();
      socket.on("end", () => resolve({ text: text.split("\r\n\r\n")[1]?.trim() ?? "", shown: certificate }));
      socket.write("GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    });
  });
}

testIf(hasCommand("openssl"))(
  "a client certificate speaks for the addresses in it; files are read again",
  async () => {
    const folder = cleanup.temporaryFolder();
    const [ours, others] = [await makeAuthority(cleanup.temporaryFolder()), await makeAuthority(folder)];
    const server = await ours.issue("collector.one");
    const files: TlsFiles = { cert: join(folder, "s.pem"), key: join(folder, "s.key"), clientCa: ours.cert };
    const install = (from: { cert: string; key: string }): void => {
      copyFileSync(from.cert, files.cert);
      copyFileSync(from.key, files.key);
    };
    install(server);
    const log = recordLog();
    const listening = await openHttpServer([{ host: "127.0.0.1", port: 0, isTls: true }], [who], log, {
      tls: files,
    });
    cleanup.add("server", () => listening.close(0));
    const port = Number(listening.addresses[0]?.split(":")[1]);

    const machine = readTls({ ...(await ours.issue("10.0.0.7")), clientCa: undefined });
    const stranger = readTls({ ...(await others.issue("10.0.0.7")), clientCa: undefined });
    const shownBy = ({ cert, key }: typeof machine) => ({ cert: cert as Buffer, key: key as Buffer });
    expect((await ask(port)).text).toBe("nobody");
    expect((await ask(port, shownBy(machine))).text).toBe("for 10.0.0.7");
    expect((await ask(port, shownBy(stranger))).text).toBe("nobody");

    install(await ours.issue("collector.two"));
    listening.reload();
    expect((await ask(port)).shown.subject.CN).toBe("collector.two");
    install({ cert: files.key, key: files.key });
    listening.reload();
    expect((await ask(port)).shown.subject.CN).toBe("collector.two");
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "info certificates read again",
      "warn certificates not taken, the former ones are in force",
    ]);
    expect(() => readTls(files)).toThrow(`TLS: ${files.cert}, ${files.key}, ${ours.cert} cannot be used`);
  },
);
