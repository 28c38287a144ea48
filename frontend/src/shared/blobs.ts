/* Addresses of pictures that this page holds, for as long as a component shows them. */
import { useEffect, useState } from "react";

const LINGER_MS = 10_000;

/** Give an address back, a little later: a picture that still loads from it would fail. */
export function release(url: string | null): void {
  if (url) setTimeout(() => URL.revokeObjectURL(url), LINGER_MS);
}

/** Return an address for a blob. */
export function useBlobUrl(blob: Blob | null | undefined): string | null {
  const [made, setMade] = useState<{ blob: Blob; url: string } | null>(null);
  useEffect(() => {
    if (!blob) return;
    const url = URL.createObjectURL(blob);
    // The address is a resource that has to be given back, so it is made by the effect that does.
    // oxlint-disable-next-line react/set-state-in-effect
    setMade({ blob, url });
    return () => release(url);
  }, [blob]);
  return made && made.blob === blob ? made.url : null;
}

/** Return what a function finds, once it has; a newer call makes an older one's answer void. */
export function useFound<T>(find: () => Promise<T | null>, key: string): T | null {
  const [found, setFound] = useState<{ key: string; value: T | null }>({ key: "", value: null });
  useEffect(() => {
    let current = true;
    find().then(
      (value) => current && setFound({ key, value }),
      () => current && setFound({ key, value: null }),
    );
    return () => {
      current = false;
    };
    // The key names what is looked for; the function is new at every rendering.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [key]);
  return found.key === key ? found.value : null;
}
