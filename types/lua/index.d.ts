/** Lua scripts are imported as text; the bundler, the test runner and the source runner all do so. */
declare module "*.lua" {
  const script: string;
  export default script;
}
