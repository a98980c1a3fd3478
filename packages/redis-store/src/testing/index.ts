export { givenRedis, type GivenRedis } from "./given-redis.js";
export { startRedisCluster, type RedisCluster } from "./redis-cluster.js";
export { startRedisServer, type RedisServer, type RedisServerOptions } from "./redis-server.js";
export { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";
