/** SES's two APIs: the Query protocol with XML, and REST with JSON. */
export type SesApiVersion = "v1" | "v2";
