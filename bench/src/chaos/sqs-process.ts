import { buildApp } from "fauxqs";
import { childInput } from "./child.js";

childInput();
const app = buildApp({ logger: false });
process.send?.(await app.listen({ host: "127.0.0.1", port: 0 }));
