import type { Service } from "../kernel/network.js";
import { casStoreWires } from "../ports/cas-client.js";
import { storeWires, type StoreWatch, type StoreWires } from "../ports/store-client.js";
import type { ServiceWorld } from "./service-world.js";

/** The wires of one host to the run's store, of whichever kind it is. */
export function connectedStore(
  host: string,
  service: Service,
  { store, cas }: Pick<ServiceWorld, "store" | "cas">,
  watch: StoreWatch = {},
): StoreWires {
  return cas ? casStoreWires(host, service, cas, watch) : storeWires(host, service, store, watch);
}
