import type { UserPage, UserSource } from "@exactly-once/core/user-cache";
import type { Site } from "../kernel/decisions.js";
import type { Life } from "../kernel/host.js";
import type { Service } from "../kernel/network.js";
import { DirectoryError, type Account, type DirectoryWorld } from "../worlds/directory.js";

/** The wires of one host to the directory. */
export interface DirectoryWires {
  connect(life: Life): UserSource<Account>;
}

export function directoryWires(
  host: string,
  service: Service,
  world: DirectoryWorld,
  options: {
    readonly endsEarly: Site;
    readonly onPage: () => void;
    /** Whether it can be asked for a single person. */
    readonly finds: boolean;
  },
): DirectoryWires {
  const wire = service.wire(host, "page");
  const finding = service.wire(host, "find");

  async function* walk(life: Life, from: string | undefined): AsyncGenerator<UserPage<Account>> {
    let next = from;
    do {
      options.onPage();
      const start = next;
      const page = await wire.call(
        life,
        () => world.page(start),
        ({ users }) => `${users.length} accounts`,
      );
      yield page;
      if (options.endsEarly.next() > 0) return;
      next = page.next;
    } while (next !== undefined);
  }

  return {
    connect: (life) => ({
      pages: ({ from }) => walk(life, from),
      ...(options.finds
        ? {
            find: (person) =>
              finding.call(
                life,
                () => world.find(person),
                (found) => `${found.length} accounts`,
              ),
          }
        : {}),
      classify: (error) => (error instanceof DirectoryError ? error.fault : "transient"),
    }),
  };
}
