/*
 * The two pictures of a try-on at the server: each is uploaded once for each shopper, because photos belong to users.
 *
 *     picture ─▶ upload ─▶ address          a new shopper, a new photo: uploaded anew
 */
import { type ApiClient, done, upload } from "@proteus/client";
import { normalise } from "../shared/pictures/normalise.ts";
import type { Category, Shop } from "./flow.ts";
import { ours, patiently } from "./passing.ts";

export class Pictures {
  private readonly shop: Shop;
  private readonly api: ApiClient;
  private sentGarment: { of: string; address: Promise<string> } | null = null;
  private sentPerson: { of: string; address: string } | null = null;

  constructor(shop: Shop, api: ApiClient) {
    this.shop = shop;
    this.api = api;
  }

  /** Forget what was sent: it is gone from the server. */
  drop(): void {
    this.sentGarment = null;
    this.sentPerson = null;
  }

  /** Another photo follows. */
  dropPerson(): void {
    this.sentPerson = null;
  }

  /** Return the photo's address; upload it where this shopper has not. @throws {Problem} */
  async person(photo: Blob, on: { onProgress: (share: number) => void; signal: AbortSignal }): Promise<string> {
    if (this.sentPerson?.of === this.shopper) return this.sentPerson.address;
    on.onProgress(0);
    const address = await this.sent(photo, "person", "auto", on);
    this.sentPerson = { of: this.shopper, address };
    return address;
  }

  /** Return the address of the garment's picture; upload it where this shopper has not. @throws {Problem} */
  garment(): Promise<string> {
    if (this.sentGarment?.of === this.shopper) return this.sentGarment.address;
    const address = readGarment(this.shop.garment()).then((picture) => this.sent(picture, "garment", this.shop.category()));
    const mine = { of: this.shopper, address };
    this.sentGarment = mine;
    address.catch(() => {
      if (this.sentGarment === mine) this.sentGarment = null; // The next one tries anew.
    });
    return address;
  }

  /** Who the last token was for. */
  private get shopper(): string {
    return this.shop.tokens.user ?? "";
  }

  private async sent(picture: Blob, kind: "person" | "garment", category: Category, on = {}): Promise<string> {
    const { id, url } = await patiently(() => this.shop.tokens.use(() => upload(this.api, picture, kind, on)));
    // The server may begin; a submit starts whatever is missing.
    const params = { path: { image_id: id } };
    const told = () => done(this.api.POST("/v1/images/{image_id}/uploaded", { params, body: { category } }));
    void patiently(() => this.shop.tokens.use(told)).catch(() => undefined);
    return url;
  }
}

async function readGarment(address: string): Promise<Blob> {
  try {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the garment's picture answered ${answer.status}`);
    return (await normalise(await answer.blob())).blob;
  } catch (error) {
    throw ours("garment_unreachable", error);
  }
}
