import { BlockList, isIPv6 } from "node:net";

/**
 * What isn't reachable on the public Internet, or leads into it by another name: IANA's special-purpose
 * registries for IPv4 and IPv6 (RFC 6890 and its updates), multicast and reserved addresses.
 */
const subnets: Readonly<Record<"ipv4" | "ipv6", readonly string[]>> = {
  ipv4: [
    "0.0.0.0/8", // "this" network
    "10.0.0.0/8",
    "100.64.0.0/10", // carriers' own
    "127.0.0.0/8",
    "169.254.0.0/16", // link-local: where clouds keep their metadata
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ],
  ipv6: [
    "::/96", // unspecified, loopback, and IPv4 written as IPv6
    "64:ff9b::/96", // these lead to IPv4, private ones included
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
  ],
};

const blocked = new BlockList();
for (const family of ["ipv4", "ipv6"] as const) {
  for (const subnet of subnets[family]) {
    const [net = "", bits] = subnet.split("/");
    blocked.addSubnet(net, Number(bits), family);
  }
}

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Whether an address is one that a request from outside must not lead to: loopback, link-local, private,
 * reserved, multicast, also where IPv6 only wraps such an IPv4 address.
 *
 * @param address IPv4 or IPv6, as the resolver or a socket writes it
 */
export function isPrivateAddress(address: string): boolean {
  const [plain = ""] = address.split("%", 1);
  const [, inside] = mapped.exec(plain) ?? [];
  if (inside !== undefined) return blocked.check(inside, "ipv4");
  // An IPv4 address in another spelling of IPv6 ("::ffff:7f00:1") is judged as IPv4 by the list itself.
  return blocked.check(plain, isIPv6(plain) ? "ipv6" : "ipv4");
}
