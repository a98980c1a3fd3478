export declare const nodeTsArgs: readonly string[];
