export async function tellIncident(): Promise<{ ours: number }> {
  return { ours: 0 };
}
