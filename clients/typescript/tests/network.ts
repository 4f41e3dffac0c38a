/** A way to a server that a test can break: a forwarder on a port of its own. */

import { once } from "node:events";
import * as net from "node:net";
import type { TestContext } from "node:test";

/** Forwards connections, until it is cut. */
export class Network {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<net.Socket>();
  #listener: net.Server | undefined;
  #port = 0;
  #count: (length: number) => void = () => undefined;

  private constructor(target: string) {
    const separator = target.lastIndexOf(":");
    this.#target = { host: target.slice(0, separator), port: Number(target.slice(separator + 1)) };
  }

  /** Opens a way to `target`, host:port; it is cut with the test. */
  static async to(target: string, test: TestContext): Promise<Network> {
    const network = new Network(target);
    await network.mend();
    test.after(() => network.cut());
    return network;
  }

  /** Where it begins, as host:port. */
  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Breaks every connection; new ones are refused. */
  async cut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (listener === undefined) return;
    listener.close();
    await once(listener, "close");
  }

  /** Lets connections through again. */
  async mend(): Promise<void> {
    const listener = net.createServer((near) => {
      this.#forward(near);
    });
    listener.listen(this.#port, "127.0.0.1");
    await once(listener, "listening");
    this.#port = (listener.address() as net.AddressInfo).port;
    this.#listener = listener;
  }

  /** Breaks all connections once so many bytes more have gone either way; resolves then. */
  async breakAfter(bytes: number): Promise<void> {
    let passed = 0;
    await new Promise<void>((resolve) => {
      this.#count = (length) => {
        passed += length;
        if (passed < bytes) return;
        this.#count = () => undefined;
        for (const socket of this.#sockets) socket.destroy();
        resolve();
      };
    });
  }

  #forward(near: net.Socket): void {
    const far = net.connect(this.#target);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one);
      one.on("data", ({ length }: Buffer) => {
        this.#count(length);
      });
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  }
}
