export { startRedisCluster, type RedisCluster } from "./redis-cluster.js";
export { startRedisServer, type RedisServer, type RedisServerOptions } from "./redis-server.js";
