/** An entry of the heap. `heapIndex` is the heap's own; -1 while the entry isn't in it. */
export interface HeapEntry {
  dueAt: number;
  heapIndex: number;
}

/** A binary min-heap by `dueAt` whose entries can be moved and removed in place. */
export interface DeadlineHeap<Entry extends HeapEntry> {
  readonly size: number;
  peek(): Entry | undefined;
  /** Adds the entry, or moves it to its new `dueAt`. */
  put(entry: Entry, dueAt: number): void;
  remove(entry: Entry): void;
}

export function createDeadlineHeap<Entry extends HeapEntry>(): DeadlineHeap<Entry> {
  const entries: Entry[] = [];

  function place(entry: Entry, index: number): void {
    entries[index] = entry;
    entry.heapIndex = index;
  }

  function rise(entry: Entry, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = entries[parentIndex] as Entry;
      if (parent.dueAt <= entry.dueAt) break;
      place(parent, index);
      index = parentIndex;
    }
    place(entry, index);
  }

  function sink(entry: Entry, from: number): void {
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= entries.length) break;
      const right = entries[childIndex + 1];
      if (right && right.dueAt < (entries[childIndex] as Entry).dueAt) childIndex += 1;
      const child = entries[childIndex] as Entry;
      if (child.dueAt >= entry.dueAt) break;
      place(child, index);
      index = childIndex;
    }
    place(entry, index);
  }

  function settle(entry: Entry, index: number): void {
    rise(entry, index);
    sink(entry, entry.heapIndex);
  }

  return {
    get size() {
      return entries.length;
    },
    peek: () => entries[0],
    put: (entry, dueAt) => {
      entry.dueAt = dueAt;
      if (entry.heapIndex < 0) {
        entries.push(entry);
        rise(entry, entries.length - 1);
      } else {
        settle(entry, entry.heapIndex);
      }
    },
    remove: (entry) => {
      const index = entry.heapIndex;
      if (index < 0) return;
      const last = entries.pop() as Entry;
      entry.heapIndex = -1;
      if (last !== entry) settle(last, index);
    },
  };
}
