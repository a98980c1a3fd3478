/** The messages of one FIFO group in this process, in order. Only the first is worked on. */
export interface FifoGroup<Message> {
  readonly id: string;
  readonly messages: Message[];
}

interface Member<Message> {
  readonly group: FifoGroup<Message> | undefined;
}

export class FifoGroups<Message extends Member<Message>> {
  readonly #groups = new Map<string, FifoGroup<Message>>();

  /** The group of this id; made when its first message comes. */
  of(id: string): FifoGroup<Message> {
    const known = this.#groups.get(id);
    if (known) return known;
    const group: FifoGroup<Message> = { id, messages: [] };
    this.#groups.set(id, group);
    return group;
  }

  /** Takes the message out and returns the one that is first now, if that is a change. */
  leave(message: Message): Message | undefined {
    const { group } = message;
    if (!group) return undefined;
    const index = group.messages.indexOf(message);
    if (index < 0) return undefined;
    group.messages.splice(index, 1);
    this.#forgetIfEmpty(group);
    return index === 0 ? group.messages[0] : undefined;
  }

  /** Takes out the message and those behind it, which it returns. */
  cutAt(message: Message): readonly Message[] {
    const { group } = message;
    if (!group) return [];
    const index = group.messages.indexOf(message);
    if (index < 0) return [];
    const [, ...behind] = group.messages.splice(index);
    this.#forgetIfEmpty(group);
    return behind;
  }

  #forgetIfEmpty(group: FifoGroup<Message>): void {
    if (group.messages.length === 0) this.#groups.delete(group.id);
  }
}
