// A DynamoDB in memory on a free port of the loopback interface, for as long as stdin stays open. In a process
// of its own, since test runners resolve modules for `import`, which dynalite's dependencies don't bear.
import dynalite from "dynalite";

const server = dynalite({ createTableMs: 0 });
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address ? address.port : ""}\n`);
});
process.stdin.resume().on("end", () => process.exit());
