import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { tableDefinition } from "../table.js";

/** A DynamoDB for tests, on loopback. */
export interface GivenDynamodb {
  readonly endpoint: string;
  readonly table: string;
  /** A client of its own, as another replica would have. */
  client(): DynamoDBClient;
  stop(): Promise<void>;
}

const server = fileURLToPath(new URL("dynalite-server.mjs", import.meta.url));

/** With the store's table. */
export async function givenDynamodb(): Promise<GivenDynamodb> {
  // Without this process' conditions for modules.
  const child = spawn(process.execPath, [server], {
    env: { PATH: process.env["PATH"] ?? "" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const endpoint = `http://127.0.0.1:${line}`;
  const clients: DynamoDBClient[] = [];
  const table = "notifications";
  const given: GivenDynamodb = {
    endpoint,
    table,
    client: () => {
      const client = new DynamoDBClient({
        endpoint,
        region: "us-east-1",
        credentials: { accessKeyId: "test", secretAccessKey: "test" },
      });
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.destroy();
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
  await given.client().send(new CreateTableCommand(tableDefinition(table)));
  return given;
}
