/*
 * What this browser keeps of pictures: IndexedDB, in three stores. Without it (private windows) everything works, and is
 * forgotten with the tab.
 */

/** The pictures of one try-on, small; `person` and `garment` are what it was made from. */
export interface Kept {
  jobId: string;
  result?: Blob;
  person?: Blob;
  garment?: Blob;
  /** What the Mirror showed when the picture was taken. */
  preview?: Blob;
  /** The garment as wardrobe entry, to try the same again. */
  garmentId?: string;
  createdAt: number;
}

/** A picture in one of Studio's two places, as it was left. */
export interface KeptSlot {
  kind: "person" | "garment";
  blob: Blob;
  name: string;
  imageUrl?: string;
  imageId?: string;
  cut?: KeptCut;
  /** Who of several people wears the garment. */
  personIndex?: number;
}

export interface KeptCut {
  url: string;
  category: string;
  confidence: number | null;
}

/** A garment that was used once. */
export interface KeptGarment {
  id: string;
  blob: Blob;
  thumb: Blob;
  name: string;
  imageUrl: string;
  usedAt: number;
}

interface Stores {
  tryons: Kept;
  slots: KeptSlot;
  garments: KeptGarment;
}
const KEYS: Record<keyof Stores, string> = { tryons: "jobId", slots: "kind", garments: "id" };
const VERSION = 1;

let opening: Promise<IDBDatabase | null> | undefined;
const memory: { [S in keyof Stores]: Map<string, Stores[S]> } = { tryons: new Map(), slots: new Map(), garments: new Map() };

function open(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open("proteus", VERSION);
      request.onupgradeneeded = () => {
        for (const [name, keyPath] of Object.entries(KEYS)) {
          if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, { keyPath });
        }
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
  return opening;
}

async function run<T>(store: keyof Stores, mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | null> {
  const database = await open();
  if (!database) return null;
  return new Promise((resolve) => {
    try {
      const request = act(database.transaction(store, mode).objectStore(store));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

const keyOf = <S extends keyof Stores>(store: S, value: Stores[S]) => String((value as unknown as Record<string, unknown>)[KEYS[store]]);

export async function put<S extends keyof Stores>(store: S, value: Stores[S]): Promise<void> {
  memory[store].set(keyOf(store, value), value);
  await run(store, "readwrite", (to) => to.put(value));
}

export async function get<S extends keyof Stores>(store: S, key: string): Promise<Stores[S] | undefined> {
  return memory[store].get(key) ?? ((await run(store, "readonly", (from) => from.get(key))) as Stores[S] | null) ?? undefined;
}

export async function all<S extends keyof Stores>(store: S): Promise<Stores[S][]> {
  const found = (await run(store, "readonly", (from) => from.getAll())) as Stores[S][] | null;
  const merged = new Map((found ?? []).map((value) => [keyOf(store, value), value]));
  for (const [key, value] of memory[store]) merged.set(key, value);
  return [...merged.values()];
}

export async function remove(store: keyof Stores, key: string): Promise<void> {
  memory[store].delete(key);
  await run(store, "readwrite", (from) => from.delete(key));
}

/** Forget everything. */
export async function forget(): Promise<void> {
  for (const store of Object.keys(KEYS) as (keyof Stores)[]) {
    memory[store].clear();
    await run(store, "readwrite", (from) => from.clear());
  }
}

/** Change what is kept of one try-on. */
export async function keep(jobId: string, more: Partial<Kept>): Promise<void> {
  const before = (await get("tryons", jobId)) ?? { jobId, createdAt: Date.now() };
  await put("tryons", { ...before, ...more, jobId });
}
