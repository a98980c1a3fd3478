/** What is being put together and not handed on yet. */
export type Writable<Of> = { -readonly [Name in keyof Of]: Of[Name] };
