export declare const enum StoreType {
  Sqlite = 0,
}
export declare class OlmMachine {}
